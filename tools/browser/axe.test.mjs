// axe finds nothing to say against any state of the page, light or dark, and
// nothing has to be scrolled sideways on the narrowest of telephones.
import { test } from 'node:test'
import { ask, base, checkAxe, checkWidth, control, entrance, mark, open, questions, send } from './lib.mjs'

const narrow = { viewport: { width: 320, height: 640 }, excused: [/status of 401/] }

const row = '| Аялдар пенсияга чыгат | 58 жашында чыга алышат '.repeat(4) + '|'
const wide = ['# Пенсияга ким жана качан чыгат', '', row, '|---'.repeat(8) + '|', row, '',
  '- Жаш курагы боюнча пенсияга аялдар 58 жашында кайрыла алышат [1].', '', '```', '·'.repeat(200), '```'].join('\n')

async function look (page, state) {
  await checkWidth(page, state)
  await checkAxe(page, state)
}

test('before the door', async t => {
  const page = await open(t, { ...narrow, path: base })
  await look(page, 'asked for a key')
  await page.goto(base + '/?key=tg-wrong')
  await look(page, 'a wrong key')
})

// axe is a script itself, so the page has lost its own on the way.
for (const scriptless of [false, true]) {
  test(scriptless ? 'without the script' : 'with the script', async t => {
    const page = await open(t, { ...narrow, path: '', excused: [/ERR_FAILED/] })
    if (scriptless) {
      page.scripted = false
      await page.route('**/*.js', route => route.abort())
    }
    await page.goto(entrance)
    await look(page, 'nothing asked')
    for (const lang of ['ur', 'km']) {
      const said = await ask(page, questions[lang].text)
      await mark(said).click()
      await look(page, `an answer in ${lang}`)
    }
    await ask(page, 'Аялдар качан пенсияга чыгат? https://desk.namuna.example/' + 'пенсия'.repeat(30))
    await control('say', { Text: wide })
    const said = await ask(page, 'Аялдар канча жашында пенсияга чыга алат?')
    await said.getByRole('table').waitFor()
    await look(page, 'long words, a table')
    await control('say', { Fails: true })
    await ask(page, questions.ky.text)
    await look(page, 'no model')
  })
}

test('while an answer comes, and when it is lost', async t => {
  const page = await open(t, { ...narrow, excused: [/ERR_|Failed to load resource/] })
  await control('say', { Text: 'Аялдар 58 жашында пенсияга чыга алат [1]. '.repeat(60), Pause: 200 })
  const answer = await send(page, questions.ky.text)
  await answer.getByText('58 жашында').first().waitFor()
  await look(page, 'an answer on its way')
  await control('down')
  await page.locator('#banner:not(:empty)').waitFor()
  await look(page, 'the line is cut')
})
