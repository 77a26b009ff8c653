// The language of an answer and that of the page are the reader's to choose.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers, ask, composer, control, entrance, open, questions, say, style, whole } from './lib.mjs'

test('an answer in another language', async t => {
  const page = await open(t)
  const said = await ask(page, questions.ky.text)
  const choice = said.getByLabel(say('taken'))
  assert.equal(await choice.inputValue(), 'ky', 'the language that it was taken for')
  await control('say', { Text: 'Әйелдер 58 жасында зейнетке шыға алады, деп үкімет қаулысында айтылған.' })
  const request = page.waitForRequest(r => r.url().endsWith('/ask'))
  await choice.selectOption('kk')
  assert.equal((await request).postDataJSON().tilgate.language, 'kk')
  const other = answers(page).nth(1)
  await whole(other)
  assert.equal(await other.locator('.text').last().getAttribute('lang'), 'kk')
})

for (const [lang, { dir }] of Object.entries(questions)) {
  test(`the page in ${lang}, as the browser asks for it`, async t => {
    const page = await open(t, { locale: lang })
    await composer(page, lang).waitFor()
    const html = page.locator('html')
    assert.equal(await html.getAttribute('lang'), lang)
    assert.equal(await style(html, 'direction'), dir)
  })
}

test('the page in another language, as its reader chooses', async t => {
  const page = await open(t)
  await ask(page, questions.ky.text)
  for (const lang of ['ur', 'ky']) {
    await page.locator('header summary').click()
    await page.getByRole('navigation').getByRole('link', { name: say('name', lang), exact: true }).click()
    await composer(page, lang).waitFor()
    assert.equal(await page.locator('html').getAttribute('lang'), lang)
    assert.equal(await answers(page).count(), 1, 'the conversation stays')
  }
  await page.goto(entrance)
  await composer(page, 'ky').waitFor()
})
