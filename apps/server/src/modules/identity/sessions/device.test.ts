import { expect, test } from 'vitest'
import { deviceOf } from './device.ts'

const apple = 'AppleWebKit/537.36 (KHTML, like Gecko)'

test.each([
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${apple} Chrome/141.0.0.0 Safari/537.36`,
    'Chrome 141',
    'Windows',
    'computer',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${apple} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.3537.57`,
    'Edge 141',
    'Windows',
    'computer',
  ],
  [
    `Mozilla/5.0 (X11; Linux x86_64) ${apple} Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0`,
    'Opera 124',
    'Linux',
    'computer',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0',
    'Firefox 144',
    'macOS',
    'computer',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
    'Safari 26',
    'macOS',
    'computer',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1',
    'Chrome 141',
    'iOS',
    'phone',
  ],
  [
    'Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.7 Mobile/15E148 Safari/604.1',
    'Safari 18',
    'iPadOS',
    'tablet',
  ],
  [
    `Mozilla/5.0 (Linux; Android 15; SM-S931B) ${apple} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet 28',
    'Android',
    'phone',
  ],
  [
    `Mozilla/5.0 (Linux; Android 14; SM-X910) ${apple} Chrome/141.0.0.0 Safari/537.36`,
    'Chrome 141',
    'Android',
    'tablet',
  ],
  [
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${apple} Chrome/141.0.0.0 Safari/537.36`,
    'Chrome 141',
    'ChromeOS',
    'computer',
  ],
  ['Mozilla/5.0 (something new)', null, null, 'computer'],
  ['curl/8.5.0', 'curl', null, 'program'],
  ['python-requests/2.32 (Linux)', 'python-requests', 'Linux', 'program'],
  ['node', 'node', null, 'program'],
  ['<b>bold</b>', null, null, 'program'],
  ['', null, null, 'program'],
  [null, null, null, 'program'],
])('reads %s', (userAgent, browser, system, device) => {
  expect(deviceOf(userAgent)).toEqual({ browser, system, device })
})

test('takes no longer for text that is made to be hard', () => {
  const begun = performance.now()
  for (const text of ['Version/1'.repeat(40), `Version/${'1.'.repeat(150)}`, 'Mobile/'.repeat(45)]) deviceOf(text)
  expect(performance.now() - begun).toBeLessThan(50)
})
