import { X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext, type SecureContextOptions, type Server as TlsServer } from 'node:tls'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'

/** Where the certificate is, and from which version of TLS on. */
export interface TlsFiles {
  certFile: string
  keyFile: string
  minVersion: 'TLSv1.2' | 'TLSv1.3'
}

const lookEveryMs = 5_000

/**
 * What a TLS server is made from, and its certificate.
 * @throws Error that says what is wrong with which file, and what to do
 */
export function readTls({ certFile, keyFile, minVersion }: TlsFiles): {
  options: SecureContextOptions
  certificate: X509Certificate
} {
  const cert = read(certFile, 'PARLEY_TLS_CERT_FILE')
  const key = read(keyFile, 'PARLEY_TLS_KEY_FILE')
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(cert)
  } catch {
    throw new Error(
      `${certFile} holds no certificate. Set PARLEY_TLS_CERT_FILE to a PEM file with the certificate, and those it was signed with behind it (often fullchain.pem).`,
    )
  }
  const options: SecureContextOptions = { cert, key, minVersion }
  try {
    createSecureContext(options)
  } catch (error) {
    const why = messageOf(error)
    if (/mismatch/i.test(why)) {
      throw new Error(
        `The key in ${keyFile} is not that of the certificate in ${certFile}. Set PARLEY_TLS_KEY_FILE to the key that the certificate was made for.`,
      )
    }
    throw new Error(
      `${keyFile} holds no private key that can be used (${why}). Set PARLEY_TLS_KEY_FILE to a PEM file with the certificate’s key, without a passphrase.`,
    )
  }
  return { options, certificate }
}

function read(file: string, name: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read by this user' : String(code)
    throw new Error(`${file} ${why}. Correct ${name}.`)
  }
}

/**
 * Takes a new certificate when its files change, or when `reload` is called: for new connections, while those that are
 * open go on. Files that cannot be used (one of the two is not written yet) leave the certificate as it is.
 */
export function keepCertificateNew(
  server: TlsServer,
  files: TlsFiles,
  log: Logger,
): { reload: () => void; close: () => void } {
  let current = readTls(files).certificate.fingerprint256
  const reload = () => {
    try {
      const { options, certificate } = readTls(files)
      if (certificate.fingerprint256 === current) return
      server.setSecureContext(options)
      current = certificate.fingerprint256
      log.info({ validTo: certificate.validTo }, 'A new certificate is in use.')
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'The new certificate cannot be used; the one before stays.')
    }
  }
  const watched = [files.certFile, files.keyFile]
  // By looking, not by notification: that follows links that are swapped, as Kubernetes and certbot do it.
  for (const file of watched) watchFile(file, { interval: lookEveryMs, persistent: false }, reload)
  return {
    reload,
    close() {
      for (const file of watched) unwatchFile(file, reload)
    },
  }
}
