// Ask in one's own language, and read the answer with what it rests on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, composer, mark, open, questions, style } from './lib.mjs'

// side says at which side of an element its first line of text begins.
const side = element => element.evaluate(e => {
  const range = document.createRange()
  range.selectNodeContents(e)
  const all = [...range.getClientRects()], line = all.filter(r => Math.abs(r.top - all[0].top) < r.height / 2)
  const box = e.getBoundingClientRect()
  const left = Math.min(...line.map(r => r.left)) - box.left, right = box.right - Math.max(...line.map(r => r.right))
  return left <= right ? 'left' : 'right'
})

for (const [lang, { text, answer, dir }] of Object.entries(questions)) {
  test(`ask in ${lang}`, async t => {
    const page = await open(t)
    await composer(page).fill(text)
    assert.equal(await style(composer(page), 'direction'), dir, 'while it is typed')
    const said = await ask(page, text)
    const words = said.locator('p').filter({ hasText: answer }).first()
    assert.equal(await style(words, 'direction'), dir)
    assert.equal(await words.evaluate(e => e.closest('[lang]').lang), lang)
    assert.equal(await side(words), dir === 'rtl' ? 'right' : 'left', 'where the text begins')
    const question = page.getByRole('heading', { name: text })
    assert.equal(await style(question, 'direction'), dir, 'of the question')
    assert.equal(await question.getAttribute('lang'), lang)
    await mark(said).waitFor()
  })
}

// A question from right to left stays so on a page that runs the other way.
test('two directions in one conversation', async t => {
  const page = await open(t)
  for (const lang of ['ky', 'ur', 'am']) await ask(page, questions[lang].text)
  for (const lang of ['ky', 'ur', 'am']) {
    const { text, dir } = questions[lang]
    const question = page.getByRole('heading', { name: text })
    assert.equal(await style(question, 'direction'), dir)
    assert.equal(await side(question), dir === 'rtl' ? 'right' : 'left')
  }
})
