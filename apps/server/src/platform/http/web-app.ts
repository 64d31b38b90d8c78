import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { noncePlaceholder, securityHeaders } from './headers.ts'
import type { Http } from './http.ts'
import { answerNavigationWith } from './unknown-route.ts'

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Parley</title>
<h1>The web app is not built</h1>
<p>The server runs, and so does its API. Stop it and start it with <code>npm start</code>, which builds the web app
first, or run <code>npm run build -w apps/web</code> and load this page again.</p></html>
`

/** Serves the built web app: its files as they are, and its page for every address a person may open. */
export async function mountWebApp({ app, platform }: Http, folder: string): Promise<void> {
  const { onDocument } = securityHeaders(platform.config)
  const index = join(folder, 'index.html')
  let cached: { html: string; changedMs: number } | undefined

  const readPage = () => {
    if (!existsSync(index)) return undefined
    const changedMs = statSync(index).mtimeMs
    if (cached?.changedMs !== changedMs) cached = { html: readFileSync(index, 'utf8'), changedMs }
    return cached.html
  }

  const sendPage = (_request: FastifyRequest, reply: FastifyReply) => {
    const nonce = randomBytes(16).toString('base64')
    const html = readPage()
    return reply
      .code(html === undefined ? 503 : 200)
      .headers(onDocument(nonce))
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(html === undefined ? notBuilt : html.replaceAll(noncePlaceholder, nonce))
  }

  await app.register(fastifyStatic, {
    root: folder,
    index: false,
    wildcard: true,
    preCompressed: true,
    dotfiles: 'ignore',
    allowedPath: (path) => path !== '/index.html' && path !== '/',
    suppressWarning: true,
    setHeaders(response, path) {
      const hashed = path.includes(`${join(folder, 'assets')}/`)
      response.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  answerNavigationWith(app, sendPage)
}
