// A mark in the answer opens the passage that it rests on, where it says so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, button, desktop, mark, open, phone, questions, sources } from './lib.mjs'

for (const [size, device] of Object.entries({ phone, desktop })) {
  test(`open a citation on a ${size}`, async t => {
    const page = await open(t, device)
    for (const lang of ['ky', 'ur']) {
      const { text, answer } = questions[lang]
      const said = await ask(page, text)
      const source = sources(said).first()
      assert.ok(await source.locator('blockquote').isHidden(), 'closed at first')
      const first = mark(said)
      await first.click()
      await source.locator('blockquote').waitFor()
      const quoted = source.locator('mark').first()
      assert.match(await source.locator('mark').allInnerTexts().then(t => t.join(' ')), answer)
      await page.waitForTimeout(500) // it scrolls smoothly
      assert.ok(await inSight(quoted), 'the quote is in sight')
      assert.match(await source.locator('time').getAttribute('datetime'), /^\d{4}-\d\d-\d\d$/)
      assert.equal(await source.getByRole('link').getAttribute('href'), `https://desk.namuna.example/${lang}/old-age-pension`)
      await button(source, 'back').click()
      assert.ok(await first.evaluate(e => e === document.activeElement), 'and back')
    }
  })
}

// inSight reports whether somebody sees the middle of an element.
const inSight = element => element.evaluate(e => {
  const { left, top, width, height } = e.getClientRects()[0]
  const there = document.elementFromPoint(left + width / 2, top + height / 2)
  return e === there || e.contains(there)
})
