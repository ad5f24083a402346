// Takes mail by smtp-server alone, and writes each to a file of its own with fsync: the baseline of `npm run bench -- smtp`.
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { SMTPServer } from 'smtp-server'

const [port = '', folder = ''] = process.argv.slice(2)
let count = 0

const server = new SMTPServer({
  disabledCommands: ['STARTTLS'],
  allowInsecureAuth: true,
  disableReverseLookup: true,
  onAuth: (_auth, _session, done) => done(null, { user: 'bench' }),
  onData: (stream, _session, done) =>
    // `flush` is fsync.
    void pipeline(stream, createWriteStream(join(folder, `${(count += 1)}.eml`), { flush: true }), (error) =>
      done(error),
    ),
})

server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
