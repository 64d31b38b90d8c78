import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../testing/eventually.ts'
import { writeCertificate } from '../../testing/make-certificate.ts'
import { makePlatform } from '../../testing/make-platform.ts'
import { createHttp, type Http, mountHealth } from './index.ts'
import { readTls, type TlsFiles } from './tls.ts'

let folder: string
let files: TlsFiles
let ca: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-tls-'))
  const { cert, ...paths } = await writeCertificate(folder)
  ca = cert
  files = { ...paths, minVersion: 'TLSv1.3' }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function serve(tls: TlsFiles): Promise<{ http: Http; port: number; close: () => Promise<void> }> {
  const { platform, drop } = await makePlatform()
  platform.config.http.tls = tls
  const http = await createHttp(platform, async () => null)
  mountHealth(http, () => true)
  const url = await http.app.listen({ host: '127.0.0.1', port: 0 })
  const close = async () => {
    await http.app.close()
    await drop()
  }
  return { http, port: Number(new URL(url).port), close }
}

/** A connection that has shaken hands, and which certificate it was shown. */
async function shake(port: number, trusted: string, version?: 'TLSv1.2'): Promise<TLSSocket> {
  const limits = version ? { maxVersion: version } : {}
  const socket = connect({ host: '127.0.0.1', port, ca: trusted, servername: 'localhost', ...limits })
  await Promise.race([
    once(socket, 'secureConnect'),
    once(socket, 'error').then(([error]) => Promise.reject(error as Error)),
  ])
  return socket
}

describe('a server with a certificate', () => {
  test('speaks TLS 1.3 and nothing older', async () => {
    const { port, close } = await serve(files)
    const socket = await shake(port, ca)
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.destroy()
    await expect(shake(port, ca, 'TLSv1.2')).rejects.toThrow(/protocol version/i)
    await close()
  })

  test('speaks TLS 1.2 where the operator says so', async () => {
    const { port, close } = await serve({ ...files, minVersion: 'TLSv1.2' })
    const socket = await shake(port, ca, 'TLSv1.2')
    expect(socket.getProtocol()).toBe('TLSv1.2')
    socket.destroy()
    await close()
  })

  test('takes up a new one, while open connections go on', async () => {
    const { http, port, close } = await serve(files)
    const agent = new Agent({ ca, servername: 'localhost', keepAlive: true, maxSockets: 1 })
    const ask = async () => {
      const asked = request({ host: '127.0.0.1', port, path: '/healthz', agent }).end()
      const [response] = await once(asked, 'response')
      response.resume()
      await once(response, 'end')
      return { status: response.statusCode, reused: asked.reusedSocket }
    }
    expect(await ask()).toEqual({ status: 200, reused: false })

    writeFileSync(files.certFile, 'half written')
    http.reloadCertificate()
    ;(await shake(port, ca)).destroy() // the one before stays

    const { cert: next } = await writeCertificate(folder)
    http.reloadCertificate()
    const socket = await shake(port, next)
    expect(socket.authorized).toBe(true)
    socket.destroy()
    await expect(shake(port, ca)).rejects.toThrow()
    expect(await ask()).toEqual({ status: 200, reused: true })
    agent.destroy()
    await close()
  })

  test('sees by itself that the files changed', async () => {
    const { port, close } = await serve(files)
    const { cert: next } = await writeCertificate(folder)
    await eventually(async () => (await shake(port, next)).destroy())
    await close()
  })
})

describe('files that cannot be used say what to do', () => {
  test('a file that is not there', () => {
    expect(() => readTls({ ...files, certFile: '/nowhere/cert.pem' })).toThrow(
      '/nowhere/cert.pem does not exist. Correct PARLEY_TLS_CERT_FILE.',
    )
  })

  test('no certificate', () => {
    writeFileSync(files.certFile, 'hello')
    expect(() => readTls(files)).toThrow(/holds no certificate.*PARLEY_TLS_CERT_FILE/)
  })

  test('no key', () => {
    writeFileSync(files.keyFile, 'hello')
    expect(() => readTls(files)).toThrow(/holds no private key.*PARLEY_TLS_KEY_FILE/)
  })

  test('the key of another certificate', async () => {
    const cert = readFileSync(files.certFile)
    await writeCertificate(folder)
    writeFileSync(files.certFile, cert)
    expect(() => readTls(files)).toThrow(/not that of the certificate.*PARLEY_TLS_KEY_FILE/)
  })
})
