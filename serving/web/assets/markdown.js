// A small part of Markdown, as serving/web/markdown.go and inline.go read it:
// testdata/markdown.json holds both to the same. The result is a tree of
// [tag, attributes, ...children], in which text is text; nothing here makes HTML.
'use strict'
const markdown = (() => {
  const heading = /^#{1,6}[ \t]+(.+)$/u
  const rule = /^(?:-{3,}|\*{3,}|_{3,})$/
  const itemLine = /^([ \t]*)(?:([-*+•])|(\p{Nd}{1,4})[.)])[ \t]+(.*)$/u
  const columnRule = /^:?-+:?$/
  const hostPart = 'https?://[\\p{L}\\p{N}.\\-]+(?::[0-9]{1,5})?'
  const pathPart = "(?:[/?#][\\p{L}\\p{M}\\p{N}\\-._~:/?#@!$&()*+,;=%']*)?"
  const whole = new RegExp('^' + hostPart + pathPart + '$', 'u')
  const nextAddress = new RegExp('^' + hostPart + pathPart, 'u')
  const mark = /^\[(\p{Nd}{1,3})\]/u
  const mostColumns = 20, deepest = 4, deepestSpan = 5

  const trim = s => s.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
  const webAddress = s => whole.test(s)
  const host = s => s.replace(/^[^:]*:\/\//, '').replace(/[/?#].*$/s, '')

  // Digits of a script stand in tens, one after the other.
  const value = digits => {
    let n = 0
    for (const d of digits) {
      let c = d.codePointAt(0), before = 0
      while (before < 50 && /\p{Nd}/u.test(String.fromCodePoint(c - before - 1))) before++
      n = n * 10 + before % 10
    }
    return n
  }

  function cells (line) {
    line = trim(line)
    if (line.startsWith('|')) line = line.slice(1)
    if (line.endsWith('|') && !line.endsWith('\\|')) line = line.slice(0, -1)
    const list = []
    let from = 0
    for (let i = 0; i <= line.length; i++) {
      if (i === line.length || (line[i] === '|' && line[i - 1] !== '\\')) {
        list.push(trim(line.slice(from, i)))
        from = i + 1
      }
    }
    return list
  }

  function inline (text, sources, depth) {
    const list = [], ends = {}
    let at = 0, held = ''
    const end = (closing, from) => {
      if (!(closing in ends) || (ends[closing] >= 0 && ends[closing] < from)) ends[closing] = text.indexOf(closing, from)
      return ends[closing]
    }
    const blank = c => c === ' ' || c === '\t' || c === '\n'
    const anchor = (href, ...kids) => ['a', { href, rel: 'noopener noreferrer' }, ...kids]
    const strong = (tag, closing) => {
      const from = at + closing.length, to = end(closing, from)
      if (to <= from || depth >= deepestSpan || blank(text[from]) || blank(text[to - 1])) return closing === '**' ? ['**', 2] : null
      return [[tag, {}, ...inline(text.slice(from, to), sources, depth + 1)], to + closing.length - at]
    }
    const link = skip => {
      const from = at + skip + 1, middle = end('](', from)
      if (middle < 0) return null
      const to = end(')', middle + 2)
      if (to < 0) return null
      return [text.slice(from, middle), text.slice(middle + 2, to), to + 1 - at - skip]
    }
    const bracket = () => {
      const m = mark.exec(text.slice(at, at + 10))
      if (m) {
        const n = value(m[1])
        return [n >= 1 && n <= sources ? ['cite', { n }, m[0]] : m[0], m[0].length]
      }
      const l = link(0)
      if (!l || l[0].includes('\n') || depth >= deepestSpan || l[0] === '') return null
      const [label, address, length] = l
      if (!webAddress(address)) return [text.slice(at, at + length), length]
      return [label === address ? anchor(address, label) : anchor(address, label, ['small', {}, ' (' + host(address) + ')']), length]
    }
    const next = () => {
      const c = text[at]
      if (c === '\\') return at + 1 < text.length && '\\`*[]()!_#|-+.>'.includes(text[at + 1]) ? [text[at + 1], 2] : null
      if (c === '`') {
        const to = end('`', at + 1)
        return to > at + 1 ? [['code', {}, text.slice(at + 1, to)], to + 1 - at] : null
      }
      if (c === '*') return text.startsWith('**', at) ? strong('strong', '**') : strong('em', '*')
      if (c === '!' && text[at + 1] === '[') {
        const l = link(1)
        return l && [l[0], l[2] + 1]
      }
      if (c === '[') return bracket()
      if (c === 'h' && !(at > 0 && /[A-Za-z0-9]/.test(text[at - 1])) && text.startsWith('http', at)) {
        const m = nextAddress.exec(text.slice(at, at + 4000))
        const found = m ? m[0].replace(/[.,;:!?)'*-]+$/, '') : ''
        return webAddress(found) ? [anchor(found, found), found.length] : null
      }
      return null
    }
    while (at < text.length) {
      const found = next()
      if (!found) {
        held += text[at++]
        continue
      }
      if (typeof found[0] === 'string') held += found[0]
      else {
        if (held) list.push(held)
        held = ''
        list.push(found[0])
      }
      at += found[1]
    }
    if (held) list.push(held)
    return list
  }

  function markdown (text, sources) {
    const lines = text.replace(/\r\n/g, '\n').split('\n')
    const blocks = []
    let at = 0
    const span = s => inline(s, sources, 0)
    const fence = line => line.startsWith('```')
    const tableAt = i => i + 1 < lines.length && lines[i].includes('|') && lines[i + 1].includes('|') &&
      cells(lines[i + 1]).every(c => columnRule.test(c))
    const starts = i => {
      const line = trim(lines[i])
      return fence(line) || heading.test(line) || rule.test(line) || itemLine.test(lines[i]) || tableAt(i)
    }
    const row = (line, tag) => ['tr', {}, ...cells(line).slice(0, mostColumns).map(c => [tag, {}, ...span(c)])]
    const items = () => {
      const list = []
      for (; at < lines.length; at++) {
        const line = lines[at], m = itemLine.exec(line)
        if (m && !rule.test(trim(line))) list.push({ indent: m[1].length, ordered: !!m[3], number: value(m[3] || ''), text: m[4] })
        else if (trim(line) === '') {
          if (at + 1 >= lines.length || !itemLine.test(lines[at + 1])) return list
        } else if (line.startsWith('  ') && !starts(at)) list[list.length - 1].text += '\n' + trim(line)
        else return list
      }
      return list
    }
    const nest = (items, depth) => {
      const lists = []
      while (items.length) {
        const first = items[0]
        const list = [first.ordered ? 'ol' : 'ul', first.ordered && first.number !== 1 ? { start: first.number } : {}]
        while (items.length && items[0].ordered === first.ordered) {
          let inner = 1
          while (inner < items.length && items[inner].indent >= items[0].indent + 2 && depth < deepest) inner++
          list.push(['li', {}, ...span(items[0].text), ...nest(items.slice(1, inner), depth + 1)])
          items = items.slice(inner)
        }
        lists.push(list)
      }
      return lists
    }
    while (at < lines.length) {
      const line = trim(lines[at])
      const from = at
      if (line === '') at++
      else if (fence(line)) {
        for (at++; at < lines.length && !fence(trim(lines[at])); at++);
        blocks.push(['pre', {}, ['code', {}, lines.slice(from + 1, at).join('\n')]])
        at++
      } else if (heading.test(line)) {
        blocks.push(['h3', {}, ...span(heading.exec(line)[1])])
        at++
      } else if (rule.test(line)) {
        blocks.push(['hr', {}])
        at++
      } else if (itemLine.test(lines[at])) blocks.push(...nest(items(), 1))
      else if (tableAt(at)) {
        const body = ['tbody', {}]
        for (at += 2; at < lines.length && lines[at].includes('|'); at++) body.push(row(lines[at], 'td'))
        blocks.push(['div', { class: 'table', tabindex: 0 }, ['table', {}, ['thead', {}, row(lines[from], 'th')], body]])
      } else {
        for (at++; at < lines.length && trim(lines[at]) !== '' && !starts(at); at++);
        blocks.push(['p', {}, ...span(trim(lines.slice(from, at).join('\n')))])
      }
    }
    return blocks
  }
  return { read: markdown, webAddress, host }
})()
