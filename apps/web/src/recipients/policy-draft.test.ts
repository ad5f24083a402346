import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { planPolicy, planText, policyValues, withoutEntries } from './policy-draft.ts'

const POLICY = { allowedDomains: ['contoso.com', '*.contoso.com'], redirectAllTo: null }

it('saves the domains of all lines, and an address', () => {
  const draft = { domains: ' contoso.com\n\nfabrikam.com, *.Fabrikam.com ', redirectTo: ' staging@contoso.com ' }

  const plan = planPolicy(POLICY, draft, english)

  const input = {
    allowedDomains: ['contoso.com', 'fabrikam.com', '*.Fabrikam.com'],
    redirectAllTo: 'staging@contoso.com',
  }
  expect(plan).toEqual({ kind: 'save', input })
  expect(planText(plan, POLICY, english)).toContain('all mail goes to staging@contoso.com alone')
})

it('has nothing to save where only the spelling differs', () => {
  expect(planPolicy(POLICY, { domains: 'Contoso.com *.contoso.com contoso.com', redirectTo: '' }, english)).toEqual({
    kind: 'unchanged',
  })
})

it('objects to each field, and names the entry', () => {
  expect(planPolicy(POLICY, { domains: 'contoso.com\nmax@contoso.com', redirectTo: 'staging' }, english)).toEqual({
    kind: 'invalid',
    domainsFault: expect.stringMatching(/^max@contoso\.com: A domain alone/),
    redirectFault: expect.stringContaining('needs an @'),
  })
  expect(planPolicy(POLICY, { domains: 'max@contoso.com', redirectTo: 'staging' }, german)).toEqual({
    kind: 'invalid',
    domainsFault: expect.stringMatching(/^max@contoso\.com: Nur eine Domäne/),
    redirectFault: expect.stringContaining('braucht ein @'),
  })
})

it('saves the redirection that another tab has set since the domains were entered', () => {
  const entered = { domains: 'fabrikam.com' }
  const policy = { ...POLICY, redirectAllTo: 'staging@contoso.com' }

  expect(policyValues(policy, entered)).toEqual({ domains: 'fabrikam.com', redirectTo: 'staging@contoso.com' })
  expect(planPolicy(policy, entered, english)).toEqual({
    kind: 'save',
    input: { allowedDomains: ['fabrikam.com'], redirectAllTo: 'staging@contoso.com' },
  })
})

it('keeps of a draft what differs from the policy, or from what was saved', () => {
  expect(withoutEntries({ domains: 'contoso.com\n*.contoso.com', redirectTo: '' }, policyValues(POLICY, {}))).toEqual(
    {},
  )
  const saved = { domains: 'fabrikam.com' }
  expect(withoutEntries(saved, saved)).toEqual({})
  expect(withoutEntries({ domains: 'fabrikam.com\nc', redirectTo: 's' }, saved)).toEqual({
    domains: 'fabrikam.com\nc',
    redirectTo: 's',
  })
})

it('says that mail goes to its recipients again once nothing is redirected', () => {
  const redirected = { ...POLICY, redirectAllTo: 'staging@contoso.com' }

  const plan = planPolicy(redirected, { domains: 'contoso.com *.contoso.com', redirectTo: '' }, english)

  expect(planText(plan, redirected, english)).toContain('to its recipients again')
})
