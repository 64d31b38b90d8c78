export { findPage } from './manual.ts'
export { guideModel } from './model.ts'
export { replyAsGuide } from './reply-as-guide.ts'
