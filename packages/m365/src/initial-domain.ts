/** The domain that Microsoft gives each organisation at first, in lower case; the national clouds have endings of their own. */
export const INITIAL_DOMAIN =
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.(?:onmicrosoft\.(?:com|us|de)|partner\.onmschina\.cn)$/
