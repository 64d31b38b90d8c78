import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** With `PARLEY_TEST_PICTURES` naming a folder: pictures of the page, wide and narrow, light and dark, to be looked at. */
export async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env.PARLEY_TEST_PICTURES
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  const size = page.viewportSize()
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true })
    }
  }
  if (size) await page.setViewportSize(size)
  await page.emulateMedia({ colorScheme: 'light' })
}
