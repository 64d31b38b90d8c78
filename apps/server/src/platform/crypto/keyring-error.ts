/** `message` says what to do and never contains key or plaintext. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError'
}
