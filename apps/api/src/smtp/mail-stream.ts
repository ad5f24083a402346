/* oxlint-disable eslint/no-underscore-dangle -- these are smtp-server's names */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'

const [CR, LF, DOT] = Buffer.from('\r\n.')
const DOT_LINE = Buffer.from('\n.')
const BEFORE_FIRST_LINE = Buffer.from('\r\n')
/** As long as the sequence that ends a mail is, but for its last byte. */
const UNDECIDED_BYTES = 4

/**
 * Finds the end of a mail and takes out the dots that escape others (RFC 5321 section 4.5.2), as smtp-server does. That
 * takes a turn of the event loop, and a piece of its own, for each line that begins with a dot.
 */
export class MailStream extends SMTPStream {
  /** How many of the bytes that are not decided yet did not arrive: what stands for the line before the first. */
  #madeUpBytes = 0

  override startDataMode(maxBytes?: number) {
    this._lastBytes = BEFORE_FIRST_LINE
    this.#madeUpBytes = BEFORE_FIRST_LINE.length
    return super.startDataMode(maxBytes)
  }

  override _feedDataStream(chunk: Buffer, done: (error?: Error | null) => void): void {
    const bytes = Buffer.concat([this._lastBytes || Buffer.alloc(0), chunk])
    const decided = bytes.length - UNDECIDED_BYTES
    let read = 0
    let written = 0
    for (let at = bytes.indexOf(DOT_LINE); at !== -1 && at <= decided; at = bytes.indexOf(DOT_LINE, read)) {
      const isEnd = bytes[at - 1] === CR && bytes[at + 2] === CR && bytes[at + 3] === LF
      written += bytes.copy(bytes, written, read, at + 1)
      if (isEnd) {
        this._lastBytes = false
        this._endDataMode(this.#arrived(bytes, written), bytes.subarray(at + 4), done)
        return
      }
      read = bytes[at + 2] === DOT ? at + 2 : at + 1
    }
    const end = Math.max(read, decided)
    written += bytes.copy(bytes, written, read, end)
    this._lastBytes = Buffer.from(bytes.subarray(end))
    this.#pass(this.#arrived(bytes, written), done)
  }

  #arrived(bytes: Buffer, length: number): Buffer {
    const from = Math.min(this.#madeUpBytes, length)
    this.#madeUpBytes -= from
    this._countDataBytes(length - from)
    return bytes.subarray(from, length)
  }

  #pass(bytes: Buffer, done: () => void): void {
    const stream = this._dataStream
    if (bytes.length === 0 || !stream?.writable || stream.write(bytes) || stream.destroyed) {
      done()
      return
    }
    const goOn = () => {
      stream.off('drain', goOn).off('close', goOn)
      done()
    }
    stream.on('drain', goOn).on('close', goOn)
  }
}
