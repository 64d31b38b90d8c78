import pino, { type DestinationStream, type Logger } from 'pino'
import type { Config, Secrets } from '../config/index.ts'
import { prettyLine } from './pretty.ts'
import { lineRedactor, redactFields } from './redact.ts'

/** The log: a JSON line for each entry, or text for people. Secrets are masked by field name, by form and by value. */
export function createLog(config: Config, secrets: Secrets, destination?: DestinationStream): Logger {
  const redactLine = lineRedactor([
    ...passwordsOf(secrets.databaseUrl),
    ...passwordsOf(secrets.smtpUrl),
    ...passwordsOf(secrets.egressProxy),
    secrets.masterKey,
    secrets.adminPassword,
    secrets.stripeSecretKey,
    secrets.stripeWebhookSecret,
    ...Object.values(secrets.providerKeys),
    ...Object.values(secrets.signInSecrets),
    ...config.tools.declared.flatMap(({ env, headers }) => Object.values({ ...env, ...headers })),
  ])
  return pino(
    {
      level: config.log.level,
      base: undefined,
      serializers: { err: (error: unknown) => redactFields(pino.stdSerializers.err(error as Error)) },
      formatters: { log: (entry) => redactFields(entry) as Record<string, unknown> },
      hooks: {
        streamWrite: config.log.pretty ? (line) => prettyLine(redactLine(line)) : redactLine,
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  )
}

/** As it is written in the address, and as it is sent. Masking all of the address would leave a message without sense. */
function passwordsOf(url: string | undefined): string[] {
  const password = url === undefined ? '' : (URL.parse(url)?.password ?? '')
  return password === '' ? [] : [password, decodeURIComponent(password)]
}
