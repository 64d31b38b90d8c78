import { expect, test } from 'vitest'
import type { Platform } from '../../../../platform/context.ts'
import { requireStripePage } from './ask-stripe.ts'

const at = (stripeUrl: string) => ({ config: { billing: { stripeUrl } } }) as Platform
const stripe = at('https://api.stripe.com')
const own = at('http://127.0.0.1:4000')

test.each([
  ['https://checkout.stripe.com/c/pay/cs_test_1#fid', stripe],
  ['https://billing.stripe.com/p/session/test', stripe],
  ['http://127.0.0.1:4000/c/pay/cs_1', own],
])('%s is a page to go to', (address, platform) => {
  expect(requireStripePage(platform, address)).toBe(address)
})

test.each([
  ['http://checkout.stripe.com/c/pay/cs_1', stripe],
  ['https://checkout.stripe.com.evil.example/c/pay/cs_1', stripe],
  ['https://evilstripe.com/c/pay/cs_1', stripe],
  ['https://stripe.com@evil.example/', stripe],
  ['javascript:alert(1)//stripe.com', stripe],
  ['data:text/html,https://checkout.stripe.com/', stripe],
  ['//checkout.stripe.com/', stripe],
  ['http://127.0.0.1:4000/c/pay/cs_1', stripe],
  ['http://127.0.0.1:4001/c/pay/cs_1', own],
  [null, stripe],
])('%s is not', (address, platform) => {
  expect(() => requireStripePage(platform, address)).toThrow()
})
