import { adminPlaces } from '../admin-places.ts'

export const PLACES = adminPlaces('https://login.microsoftonline.com', 'https://graph.microsoft.com')

const ACTORS = [
  /\b[Ww]orkspace admin\b/,
  /\bEntra administrator\b/,
  /\bExchange administrator\b/,
  /\b[Ww]hoever (operates (Inforiver Mail|the app registration)|signs in|uses the mailbox|sent the message)\b/,
  /\b[Tt]he (owner of the account|submitting service)\b/,
  /\bNobody has to do anything\b/,
]
/** The person in front of the page, told what to do. */
const READER = /(^|\. )(Try again|Sign in again)\b/
const NAMED_FROM_AFAR = /\b[Ww]hoever (signs in|started it)\b/
const HOSTS = new Set([
  'entra.microsoft.com',
  'admin.exchange.microsoft.com',
  'security.microsoft.com',
  'status.cloud.microsoft',
  'login.microsoftonline.com',
  'learn.microsoft.com',
  'aka.ms',
])

/**
 * What is missing in words that have to say, in whole sentences, who acts and where, with a link to Microsoft. Only the
 * page shows what a consent or a sign-in ended with, and says "you"; services and webhooks get the other words as well.
 */
export function faultsOfRemedy(text: string, { onlyInThePage = false } = {}): string[] {
  const links = text.match(/https?:\/\/[^\s"<>]*[^\s"<>.,;:)]/g) ?? []
  const faults = [
    !/^[A-Z].*\.$/.test(text) && 'it is no whole sentence',
    /[{}]|undefined|null/.test(text) && 'something was not filled in',
    ![...ACTORS, ...(onlyInThePage ? [READER] : [])].some((actor) => actor.test(text)) && 'nobody is told to act',
    onlyInThePage && NAMED_FROM_AFAR.test(text) && 'the reader is not addressed',
    !onlyInThePage && READER.test(text) && 'a reader is addressed who may be a service',
    /\b(at|in) Microsoft \w+ admin center/.test(text) && 'the article is missing',
    links.length === 0 && 'it has no link',
    ...links.map((link) => !leadsToMicrosoft(link) && `${link} does not lead to Microsoft`),
    /https?:\/\/[^\s)]+\.(\s|$)/.test(text) && 'a full stop could be taken for part of a link',
  ]
  return faults.filter((fault) => typeof fault === 'string').map((fault) => `${fault}: ${text}`)
}

function leadsToMicrosoft(link: string): boolean {
  const { protocol, hostname } = new URL(link)
  return protocol === 'https:' && HOSTS.has(hostname)
}
