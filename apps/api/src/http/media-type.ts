import { MIMEType } from 'node:util'

/** A parameter of a content type, such as `charset`; null without one. */
export function parameterOf(contentType: string, name: string): string | null {
  try {
    return new MIMEType(contentType).params.get(name)
  } catch {
    return null // no content type at all
  }
}
