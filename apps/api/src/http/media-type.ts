import { MIMEType } from 'node:util'

/** Returns a parameter of a content type, such as `charset`, or null when there is none. */
export function parameterOf(contentType: string, name: string): string | null {
  if (!contentType.includes(';')) return null // most have none, and taking a type apart is slow
  try {
    return new MIMEType(contentType).params.get(name)
  } catch {
    return null // it is not a content type
  }
}
