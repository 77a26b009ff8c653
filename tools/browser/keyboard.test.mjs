// Everything with the keyboard alone, and always in sight.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers, composer, desktop, mark, open, phone, questions, say, sources, whole } from './lib.mjs'

const focused = page => page.evaluateHandle(() => document.activeElement)
const hasFocus = element => element.evaluate(e => e === document.activeElement)

// tabTo goes on with Tab until an element has the focus.
async function tabTo (page, element, key = 'Tab') {
  for (let i = 0; i < 40; i++) {
    if (await hasFocus(element)) return
    await page.keyboard.press(key)
  }
  assert.fail('the keyboard does not get there')
}

test('ask, open a passage, go back, ask again', async t => {
  const page = await open(t)
  await page.keyboard.type('а') // the composer has the focus
  assert.equal(await composer(page).inputValue(), 'а')
  await composer(page).fill('')
  await page.keyboard.insertText(questions.km.text)
  await page.keyboard.press('Shift+Enter')
  assert.match(await composer(page).inputValue(), /\n/)
  await page.keyboard.press('Enter')
  const answer = answers(page).first()
  await whole(answer)
  const first = mark(answer)
  await page.locator('body').evaluate(() => document.activeElement.blur())
  await tabTo(page, first)
  await page.keyboard.press('Enter')
  const source = sources(answer).first()
  await source.locator('blockquote').waitFor()
  assert.ok(await source.locator('summary').evaluate(e => e === document.activeElement))
  await tabTo(page, source.getByRole('button', { name: say('back') }))
  await page.keyboard.press('Enter')
  assert.ok(await hasFocus(first))
  await tabTo(page, composer(page))
})

test('the first stop leads to the question', async t => {
  const page = await open(t)
  const skip = page.getByRole('link', { name: say('skip') })
  await tabTo(page, skip, 'Shift+Tab') // the page begins with the question
  assert.ok((await skip.boundingBox()).height > 20, 'it is in sight')
  await page.keyboard.press('Enter')
  await page.keyboard.type('а')
  assert.equal(await composer(page).inputValue(), 'а')
})

for (const [size, device] of Object.entries({ phone, desktop })) {
  test(`what has the focus is seen, and marked, on a ${size}`, async t => {
    const page = await open(t, { ...device, reducedMotion: 'reduce' })
    for (const lang of ['ky', 'ur']) {
      await composer(page).fill(questions[lang].text)
      await page.getByRole('button', { name: say('ask'), exact: true }).click()
      await whole(answers(page).last())
    }
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0) })
    const seen = new Set()
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press('Tab')
      const at = await (await focused(page)).evaluate(e => {
        if (e === document.body) return null
        const { left, top, width, height } = e.getBoundingClientRect()
        const hit = [0.1, 0.5, 0.9].some(y => [0.1, 0.5, 0.9].some(x => {
          const there = document.elementFromPoint(left + x * width, top + y * height)
          return there && (e === there || e.contains(there) || there.contains(e))
        }))
        const { outlineStyle, outlineWidth } = getComputedStyle(e)
        return { what: e.outerHTML.slice(0, 120), hit, marked: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, big: height >= 24 && width >= 24 }
      })
      if (!at) break
      seen.add(at.what)
      assert.ok(at.hit, `something covers ${at.what}`)
      assert.ok(at.marked, `no outline around ${at.what}`)
    }
    assert.ok(seen.size > 10, `only ${seen.size} stops`)
  })
}
