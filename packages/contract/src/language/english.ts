import type { Sentences } from '../wording.ts'
import { entra } from './en/entra.ts'
import { messages } from './en/messages.ts'
import { microsoft } from './en/microsoft.ts'

/** The sentences that the values of a problem may name. */
export const ENGLISH: Sentences = { ...entra, ...microsoft, ...messages }
