import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors.ts'
import { keepSignedBody } from './signed-body.ts'

/** Arrays and objects within each other. */
export const deepestJson = 64
/** Values and keys of one body: far above what is sent in earnest, far below what keeps the process busy. */
const mostValues = 100_000

/**
 * Takes JSON bodies of these media types. What is not UTF-8, too deep or too much is refused before it is taken apart,
 * and so are keys that would reach a prototype (`__proto__`, `constructor.prototype`). An empty body is no body.
 */
export function takeJson(app: FastifyInstance, mediaTypes: string[]): void {
  const parseText = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser(mediaTypes, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    keepSignedBody(request, body)
    if (body.length === 0) return done(null, undefined)
    const problem = isUtf8(body) ? excessOf(body) : new AppError('invalid_json', 'The body is not UTF-8.')
    if (problem) return done(problem)
    return parseText(request, body.toString(), (error, parsed) => {
      if (error) done(new AppError('invalid_json', 'The body is not valid JSON.'))
      else done(null, parsed)
    })
  })
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** What is too much of a JSON text, if anything. Looks at each byte once; text that is not JSON is left to the parser. */
export function excessOf(json: Buffer): AppError | undefined {
  let depth = 0
  let values = 0
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case quote:
        i = endOfString(json, i + 1)
        break
      case comma:
      case colon:
        values += 1
        if (values > mostValues)
          return new AppError('payload_too_large', `The body has more than ${mostValues} values.`)
        break
      case openBracket:
      case openBrace:
        depth += 1
        if (depth > deepestJson) return new AppError('invalid_request', 'The body is nested too deeply.')
        break
      case closeBracket:
      case closeBrace:
        depth -= 1
        break
    }
  }
  return undefined
}

/** Where the string that begins at `start` has its closing quote; the end of the text where it has none. */
function endOfString(json: Buffer, start: number): number {
  for (let end = json.indexOf(quote, start); end !== -1; end = json.indexOf(quote, end + 1)) {
    let escapes = 0
    while (end - escapes > start && json[end - escapes - 1] === backslash) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return json.length
}
