export { migrations } from './migrations.ts'
export { openFile, readFileBytes } from './open-file.ts'
export { mountFiles } from './routes.ts'
export { saveFile } from './save-file.ts'
