// Answers each POST by node:http alone, once its body is committed: `npm run bench -- latency` shows by it what a submit costs
// besides HTTP and one commit.
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import pg from 'pg'

const [port = ''] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 5 })

const server = createServer((request, response) => {
  void text(request).then(async (body) => {
    JSON.parse(body)
    await pool.query({ name: 'commit', text: 'INSERT INTO bare_commits (body) VALUES ($1)', values: [body] })
    response.writeHead(202, { 'content-type': 'application/json' }).end('{}')
  })
})

server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
