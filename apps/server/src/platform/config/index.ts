export { type Config, ConfigError, type EnvironmentProvider, loadConfig } from './config.ts'
export type { SyslogTarget } from './env.ts'
export type { DeclaredMcpServer } from './mcp-file.ts'
export type { Secrets } from './secrets.ts'
export {
  type EnvironmentSignInProvider,
  isShared,
  microsoftIssuer,
  type OperatorRule,
  type SignInConfig,
} from './sign-in.ts'
