/** Removes what recipients do not see. */
export function withoutBcc(source: Buffer): Buffer {
  const text = source.toString('latin1')
  const end = text.indexOf('\r\n\r\n') + 2
  const header = text.slice(0, end).replace(/^bcc:.*\r\n(?:[ \t].*\r\n)*/gim, '')
  return Buffer.from(header + text.slice(end), 'latin1')
}
