// Pictures for people to look at: each language, on a telephone and on a desk,
// light and dark.
import { test } from 'node:test'
import { mkdir } from 'node:fs/promises'
import { ask, base, checkWidth, control, desktop, mark, open, phone, questions, send } from './lib.mjs'

const folder = process.env.TILGATE_SCREENSHOTS
await mkdir(folder, { recursive: true })

async function shoot (page, what) {
  for (const [size, { viewport }] of Object.entries({ phone, desktop })) {
    await page.setViewportSize(viewport)
    await checkWidth(page, `${what}, ${size}`)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: `${folder}/${what}-${size}-${colorScheme}.png`, animations: 'disabled' })
    }
  }
}

for (const [lang, { text }] of Object.entries(questions)) {
  test(lang, async t => {
    const page = await open(t, { ...phone, isMobile: false, locale: lang })
    await shoot(page, `${lang}-empty`)
    const said = await ask(page, text)
    await shoot(page, `${lang}-answer`)
    await mark(said, 1, lang).click()
    await page.waitForTimeout(500) // it scrolls smoothly
    await shoot(page, `${lang}-passage`)
  })
}

test('other states', async t => {
  const page = await open(t, { ...phone, isMobile: false, path: base, locale: 'ky', excused: [/ERR_|Failed to load resource/] })
  await shoot(page, 'key')
  await page.goto(`${base}/?key=${process.env.TILGATE_KEY}`)
  await control('say', { Fails: true })
  await ask(page, questions.ky.text)
  await shoot(page, 'no-model')
  await control('say', { Text: 'Аялдар 58 жашында пенсияга чыга алат [1]. '.repeat(60), Pause: 150 })
  const answer = await send(page, questions.ky.text)
  await answer.getByText('58 жашында').first().waitFor()
  await shoot(page, 'coming')
  await control('down')
  await page.locator('#banner:not(:empty)').waitFor()
  await shoot(page, 'lost')
})
