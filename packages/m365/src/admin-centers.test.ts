import { describe, expect, it } from 'vitest'
import { adminCentersAt } from './admin-centers.ts'
import { CLOUD_NAMES, CLOUDS } from './clouds.ts'

describe('adminCentersAt', () => {
  it.each([
    ['global', 'https://entra.microsoft.com', 'https://admin.exchange.microsoft.com'],
    ['gcc-high', 'https://entra.microsoft.us', 'https://admin.exchange.office365.us'],
    ['dod', 'https://entra.microsoft.us', 'https://portal.apps.mil/adminportal/home'],
    ['china', 'https://entra.microsoftonline.cn', 'https://portal.partner.microsoftonline.cn/adminportal'],
  ] as const)('sends administrators of the cloud %s to %s and %s', (cloud, entra, exchange) => {
    const adminCenters = adminCentersOf(cloud)
    expect(adminCenters.entra).toContain(`(${entra})`)
    expect(adminCenters.exchange).toContain(`(${exchange})`)
  })

  it.each(CLOUD_NAMES)('links the page about a code on the sign-in host of the cloud %s', (cloud) => {
    expect(adminCentersOf(cloud).codePage).toBe(`${CLOUDS[cloud].authorityHost}/error?code=`)
  })

  it.each(CLOUD_NAMES.filter((cloud) => cloud !== 'global'))(
    'never sends anybody from the cloud %s to another',
    (cloud) => {
      const { restrictedSenders, serviceStatus } = adminCentersOf(cloud)
      expect(`${restrictedSenders} ${serviceStatus}`).not.toMatch(/microsoft\.com|cloud\.microsoft/)
    },
  )

  it.each(['http://127.0.0.1:3001', 'https://login.sovcloud-identity.fr'])('takes %s for the global cloud', (host) => {
    expect(adminCentersAt(host, host)).toEqual(adminCentersOf('global'))
  })
})

function adminCentersOf(cloud: keyof typeof CLOUDS) {
  return adminCentersAt(CLOUDS[cloud].authorityHost, CLOUDS[cloud].graphBaseUrl)
}
