import { adminCentersAt } from '../admin-centers.ts'
import type { Actor } from '../identity/entra-codes.ts'

export const ADMIN_CENTERS = adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com')

/** How the text of an action addresses each of those who may have to act. */
export const ADDRESSED: Readonly<Record<Actor, RegExp>> = {
  person:
    /^(Try|Sign in) again\b|\b[Ww]hoever signs in\b|\b[Tt]he owner of the account\b|\b[Aa] workspace admin chooses Reconnect\b/,
  'entra-administrator': /\bEntra administrator\b/,
  operator: /\b[Ww]hoever operates (Inforiver Mail|the app registration)\b/,
  support: /\bWhoever operates Inforiver Mail reports it to the support of Inforiver\b/,
  nobody: /\bTry again in a few minutes\.|\bSign in again in a few minutes\.|\bNobody has to do anything\b/,
}

const ACTORS = [
  /\b[Ww]orkspace admin\b/,
  /\bEntra administrator\b/,
  /\bExchange administrator\b/,
  /\b[Ww]hoever (operates (Inforiver Mail|the app registration)|signs in|uses the mailbox|sent the message)\b/,
  /\b[Tt]he (owner of the account|submitting service)\b/,
  /\bNobody has to do anything\b/,
]
/** Addresses the person in front of the page. */
const READER = /(^|\. )(Try again|Sign in again)\b/
const READER_IN_THIRD_PERSON = /\b[Ww]hoever (signs in|started it)\b/
const MICROSOFT_HOSTS = new Set([
  'entra.microsoft.com',
  'admin.exchange.microsoft.com',
  'security.microsoft.com',
  'status.cloud.microsoft',
  'login.microsoftonline.com',
  'learn.microsoft.com',
  'aka.ms',
])

/**
 * Lists what is wrong with the text of an action, which has to say in whole sentences who acts and where, with a link
 * to Microsoft. Only the page shows how a consent or a sign-in ended, so only there (`onlyInThePage`) the text says
 * "you"; services and webhooks get all other texts as well.
 */
export function findRemedyFaults(text: string, { onlyInThePage = false } = {}): string[] {
  const links = text.match(/https?:\/\/[^\s"<>]*[^\s"<>.,;:)]/g) ?? []
  const faults = [
    !/^[A-Z].*\.$/.test(text) && 'it is not a whole sentence',
    /[{}]|undefined|null/.test(text) && 'a placeholder was not filled in',
    ![...ACTORS, ...(onlyInThePage ? [READER] : [])].some((actor) => actor.test(text)) && 'nobody is told to act',
    onlyInThePage && READER_IN_THIRD_PERSON.test(text) && 'the reader is not addressed',
    !onlyInThePage && READER.test(text) && 'a reader is addressed who may be a service',
    /\b(at|in) Microsoft \w+ admin center/.test(text) && 'the article is missing',
    /another.*account.*the same account/.test(text) && 'it asks for another account and for the same one',
    links.length === 0 && 'it has no link',
    ...links.map((link) => !leadsToMicrosoft(link) && `${link} does not lead to Microsoft`),
    /https?:\/\/[^\s)]+\.(\s|$)/.test(text) && 'a full stop could be taken for part of a link',
  ]
  return faults.filter((fault) => typeof fault === 'string').map((fault) => `${fault}: ${text}`)
}

function leadsToMicrosoft(link: string): boolean {
  const { protocol, hostname } = new URL(link)
  return protocol === 'https:' && MICROSOFT_HOSTS.has(hostname)
}
