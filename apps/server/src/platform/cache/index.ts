export { rememberPerWorkspace } from './remember-per-workspace.ts'
