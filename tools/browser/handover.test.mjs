// A citizen asks a person. The conversation reaches the staff, and what they
// answer comes back into the page, as text.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers, ask, base, button, checkAxe, checkWidth, control, open, phone, questions, say } from './lib.mjs'

const { TILGATE_CONTROL, TILGATE_ADMINS, TILGATE_SCREENSHOTS } = process.env
const hostile = '<img src=x onerror=alert(1)> Дүйшөмбүдө келиңиз.\nКүбөлүк алып келиңиз.'
const urdu = 'پیر کو صبح نو بجے تشریف لائیں۔'
const shot = (page, name) => page.screenshot({ path: `${TILGATE_SCREENSHOTS}/handover-${name}.png`, fullPage: true })

// ticket waits for what the staff are told of a conversation that holds a text.
async function ticket(text) {
  for (let i = 0; i < 100; i++) {
    const all = await (await fetch(`${TILGATE_CONTROL}/tickets`)).json()
    const found = all.find(t => t.messages.some(m => m.content.includes(text)) || t.contact === text)
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  assert.fail(`the staff are told of nothing with ${text}`)
}

// reply answers as a program of the staff does.
async function reply(told, body) {
  const response = await fetch(`${base}/v1/handover/${told.id}/reply`, { method: 'POST', body: JSON.stringify(body), headers: { 'X-Tilgate-Token': told.reply.secret } })
  assert.ok(response.ok, await response.text())
}

// person asks for one under an answer.
async function person(answer, contact, lang) {
  await button(answer, 'person', lang).click()
  await answer.getByText(say('person_about', lang)).waitFor()
  await answer.getByLabel(say('person_contact', lang)).fill(contact)
  await button(answer.locator('.person'), 'send', lang).click()
}

test('asked, answered, reloaded, answered again, closed', async t => {
  const page = await open(t, phone)
  await ask(page, questions.ky.text)
  const said = await ask(page, 'Эркектерчи?')
  await button(said, 'person').click()
  await checkAxe(page, 'the form')
  await checkWidth(page, 'the form')
  await shot(page, 'form')
  await button(said, 'person').click()
  await person(said, 'aida@mail.kg')
  await said.getByText(say('person_sent')).waitFor()
  const told = await ticket('aida@mail.kg')
  assert.deepEqual(told.messages.map(m => m.role), ['user', 'assistant', 'user', 'assistant'])
  assert.equal(told.messages[0].content, questions.ky.text)
  assert.equal(told.language, 'en', 'that the page is read in')
  await reply(told, { text: hostile })
  const replies = said.locator('.reply p')
  await replies.waitFor()
  assert.equal(await replies.textContent(), hostile, 'text is text')
  assert.match(await page.locator('#said').innerText(), /Дүйшөмбүдө келиңиз/, 'it is announced')
  await checkAxe(page, 'the answer')
  await shot(page, 'answered')
  await page.reload()
  const after = answers(page).nth(1)
  await after.locator('.reply').waitFor()
  assert.equal(await after.locator('.reply p').textContent(), hostile)
  await reply(told, { text: urdu, close: true })
  await after.getByText(urdu).waitFor()
  assert.equal(await after.getByText(urdu).getAttribute('dir'), 'rtl')
  await after.getByText(say('person_closed')).waitFor()
  assert.equal(await page.locator('.reply').count(), 2)
})

test('the line is cut, and it is sent once', async t => {
  const page = await open(t, { excused: [/ERR_|Failed to load resource/] })
  const said = await ask(page, questions.ky.text)
  const sent = []
  page.on('request', r => { if (r.url().endsWith('/v1/handover')) sent.push(r.postDataJSON().token) })
  await control('down')
  await person(said, 'cut@mail.kg')
  await said.locator('.told').getByText(say('unreachable')).waitFor()
  await control('up')
  await button(said.locator('.person'), 'send').click()
  await said.getByText(say('person_sent')).waitFor()
  assert.equal(new Set(sent).size, 1, 'one token')
  assert.ok(sent.length === 2 && sent[0].length >= 32)
  await ticket('cut@mail.kg')
})

test('what nothing is found for urges to ask', async t => {
  const page = await open(t)
  const said = await ask(page, 'Космос кемеси кандай учат жана канча турат?')
  await said.getByText(say('person_urge')).waitFor()
  assert.ok(!(await button(said, 'person').getAttribute('class')).includes('quiet'), 'the button is a plain one')
  await checkAxe(page, 'the offer')
})

test('the guard gives up, and asks by itself where words may be kept', async t => {
  const [admin] = TILGATE_ADMINS.split(' ')
  await control('say', { Text: 'Women may retire at the age of fifty-eight, as the government of the country has decided in its law on pensions.' })
  const page = await open(t, { path: `${base}/?key=${admin}` })
  const said = await ask(page, questions.ky.text)
  await said.getByText(say('person_made')).waitFor()
  const told = await ticket(questions.ky.text)
  const all = await (await fetch(`${TILGATE_CONTROL}/tickets`)).json()
  const made = all.find(t => t.why === 'guard')
  assert.ok(made && told)
  await reply(made, { text: 'Кызматкер жооп берет.' })
  await said.getByText('Кызматкер жооп берет.').waitFor()
})

test('the guard gives up, and only offers it where they may not', async t => {
  await control('say', { Text: 'Women may retire at the age of fifty-eight, as the government of the country has decided in its law on pensions.' })
  const page = await open(t)
  const said = await ask(page, questions.ky.text)
  await said.getByText(say('person_urge')).waitFor()
  assert.ok(await said.getByText(say('person_made')).isHidden())
})

test('without scripts; and the page on which staff answer', async t => {
  const page = await open(t, { ...phone, javaScriptEnabled: false })
  const said = await ask(page, questions.ky.text)
  await said.locator('.person summary').click()
  await said.getByLabel(say('person_contact')).fill('plain@mail.kg')
  await button(said.locator('.person'), 'send').click()
  await page.getByText(say('person_sent')).waitFor()
  await checkWidth(page, 'the case')
  await shot(page, 'noscript')
  const told = await ticket('plain@mail.kg')
  assert.match(told.messages[1].content, questions.ky.answer)
  const staff = await open(t, { path: `${base}/handover/${told.id}?secret=${told.reply.secret}` })
  await staff.getByText(questions.ky.text).waitFor()
  await checkAxe(staff, 'the page of staff')
  await staff.getByLabel(say('case_reply')).fill(hostile)
  await button(staff, 'send').click()
  await staff.locator('.said.staff').waitFor()
  await shot(staff, 'staff')
  await page.reload()
  assert.equal((await page.locator('.said.staff p').textContent()).replaceAll('\r\n', '\n'), hostile)
})
