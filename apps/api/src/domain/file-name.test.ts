import { describe, expect, it } from 'vitest'
import { readFileName, showEnding } from './file-name.ts'

const FAMILY = '👨‍👩‍👧'

describe('readFileName', () => {
  it.each([
    ['a quote as browsers write it', 'a %22b%22.txt', 'a "b".txt'],
    ['a line break as browsers write it', 'a%0D%0Ab.txt', 'a_b.txt'],
    ['half a line break', 'a%0db%0Ac.txt', 'a_b_c.txt'],
    ['a percent sign that stands for itself', '100% %2F %41.txt', '100% %2F %41.txt'],
    ['raw control characters', 'a\tb\u0000c\u007fd.txt', 'a_b_c_d.txt'],
    ['line separators', 'a\u2028b\u2029c.txt', 'a_b_c.txt'],
    ['a path of Unix', '/home/ada/q3.txt', 'q3.txt'],
    ['a path of Windows', String.raw`C:\Reports\q3.txt`, 'q3.txt'],
    ['a network path', String.raw`\\server\share\q3.txt`, 'q3.txt'],
    ['a path that climbs', '../../etc/passwd', 'passwd'],
    ['a path of both kinds', String.raw`..\..\a/b.txt`, 'b.txt'],
    ['spaces around it', '  q3.txt ', 'q3.txt'],
    ['half a surrogate pair', 'a\ud83db.txt', 'a\ufffdb.txt'],
    ['letters of many scripts', 'отчёт 日本語 تقرير דוח – ü.xlsx', 'отчёт 日本語 تقرير דוח – ü.xlsx'],
    ['an extension disguised by an override', 'invoice\u202excod.exe', 'invoicexcod.exe'],
    ['joined emoji', `${FAMILY}.png`, `${FAMILY}.png`],
  ])('reads %s', (_what, written, name) => {
    expect(readFileName(written)).toBe(name)
  })

  it.each(['', '.', '..', ' ', '/', 'folder/', String.raw`C:\\`, 'folder/..', '\u202e', '.\u200f.'])(
    'finds no name in %j',
    (written) => {
      expect(readFileName(written)).toBeNull()
    },
  )

  it('keeps 255 characters', () => {
    const name = `${'ü'.repeat(251)}.pdf`

    expect(readFileName(name)).toBe(name)
  })

  it.each([
    ['with its ending', `${'a'.repeat(300)}.pdf`, `${'a'.repeat(251)}.pdf`],
    ['with the last of its endings', `${'a'.repeat(300)}.tar.gz`, `${'a'.repeat(252)}.gz`],
    ['without an ending', 'a'.repeat(300), 'a'.repeat(255)],
    ['with something too long for an ending', `a.${'b'.repeat(300)}`, `a.${'b'.repeat(253)}`],
    ['that is an ending only', `.${'b'.repeat(300)}`, `.${'b'.repeat(254)}`],
    ['in the middle of an emoji', `${'a'.repeat(250)}${FAMILY}.pdf`, `${'a'.repeat(250)}.pdf`],
  ])('cuts a longer name %s', (_what, written, name) => {
    expect(readFileName(written)).toBe(name)
  })
})

describe('showEnding', () => {
  it.each([
    ['an override', 'invoice\u202excod.exe'],
    ['embeddings', '\u202ainvoice\u202bxcod\u202c.exe'],
    ['an override to the left', 'invoice\u202dxcod.exe'],
    ['isolates', '\u2066invoice\u2067\u2068xcod\u2069.exe'],
    ['marks', 'invoice\u200e\u200f\u061cxcod.exe'],
  ])('lets no name pretend another ending by %s', (_how, name) => {
    expect(showEnding(name)).toBe('invoicexcod.exe')
  })

  it('leaves letters that run from right to left as they are', () => {
    expect(showEnding('تقرير دوح.pdf')).toBe('تقرير دوح.pdf')
  })
})
