import type { Person } from '../directory/directory.ts'
import type { Simulation } from '../simulation.ts'
import { rightsOf } from '../state/store.ts'
import { aboutPerson } from './pages.ts'

/** The people of the directory with what is worth knowing about each, as it is now. */
export function listAccounts({ index, store }: Simulation): { person: Person; about: string }[] {
  return index.directory.people.map((person) => ({
    person,
    about: aboutPerson(person, index.directory, (address) => rightsOf(store.state, index, address, person.oid)),
  }))
}
