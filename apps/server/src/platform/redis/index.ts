export { openRedis, type Redis, type Script, script } from './redis.ts'
