export { openDiskStorage } from './disk-storage.ts'
export {
  type Storage,
  type StorageContent,
  StorageKeyInvalid,
  StorageLimitExceeded,
  type StoredFile,
  StoredFileNotFound,
} from './storage.ts'
