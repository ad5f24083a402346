import { expect, it } from 'vitest'
import { namesIn } from '../test-support/message-names.ts'
import { de, SERVER } from './de.ts'
import { deLater } from './de-later.ts'
import { en } from './en.ts'
import { enLater } from './en-later.ts'

const ENGLISH: Readonly<Record<string, string>> = { ...en, ...enLater }
const GERMAN: Readonly<Record<string, string>> = { ...de, ...deLater }

it('has the same texts in both languages, none of them empty', () => {
  const german = Object.keys(GERMAN).filter((id) => !Object.hasOwn(SERVER, id))
  expect(german.sort()).toEqual(Object.keys(ENGLISH).sort())
  const empty = [...Object.entries(ENGLISH), ...Object.entries(GERMAN)].filter(([, text]) => text.trim() === '')
  expect(empty).toEqual([])
})

it('has no id in two files', () => {
  expect(Object.keys(en).filter((id) => Object.hasOwn(enLater, id))).toEqual([])
})

it('fills the same values and elements into a text in both languages', () => {
  const different = Object.entries(ENGLISH).flatMap(([id, text]) => {
    const [english, german] = [namesIn(text), namesIn(GERMAN[id] ?? '')]
    return english.join() === german.join() ? [] : [`${id}: ${english.join(', ')} but ${german.join(', ')}`]
  })
  expect(different).toEqual([])
})
