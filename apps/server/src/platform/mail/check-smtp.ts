import { createTransport } from 'nodemailer'
import { maskAddresses } from './mask-address.ts'
import { smtpOptions } from './smtp-options.ts'

/** Connects and signs in to the mail server, and sends nothing. Undefined when that works, else what is wrong. */
export async function checkSmtp(smtpUrl: string): Promise<{ detail: string; remedy: string } | undefined> {
  const transport = createTransport(smtpOptions(smtpUrl))
  try {
    await transport.verify()
    return undefined
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { detail: maskAddresses(message), remedy: remedyOf(code, message) }
  } finally {
    transport.close()
  }
}

function remedyOf(code: string | undefined, message: string): string {
  if (code === 'EAUTH') return 'Check the user and the password in SMTP_URL (special characters as %XX).'
  if (code === 'ETLS' || /certificate|self[- ]signed|ssl|tls/i.test(message)) {
    return 'Check that the port fits: smtps:// is usually 465, smtp:// 587. Name your own authority in NODE_EXTRA_CA_CERTS.'
  }
  return 'Check host and port in SMTP_URL, and that a firewall lets this machine reach them. Many networks block port 25.'
}
