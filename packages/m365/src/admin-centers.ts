import { CLOUDS, cloudAt, type CloudName } from './clouds.ts'

/** Microsoft's pages for administrators, each as a name with its address. A path of menus may follow in the text. */
export interface AdminCenters {
  readonly entra: string
  readonly exchange: string
  /** Lists the accounts that are blocked from sending. */
  readonly restrictedSenders: string
  readonly serviceStatus: string
  /** Microsoft's page about AADSTS codes, as a URL to which the number is appended. */
  readonly codePage: string
}

const ENTRA = 'Microsoft Entra admin center'
const EXCHANGE = 'Exchange admin center'
const DEFENDER = 'Microsoft Defender portal'
const RESTRICTED = 'Email & collaboration > Review > Restricted entities'
const MICROSOFT_365 = {
  'gcc-high': 'Microsoft 365 admin center (https://portal.office365.us/adminportal/home)',
  dod: 'Microsoft 365 admin center (https://portal.apps.mil/adminportal/home)',
  china: 'Microsoft 365 admin center (https://portal.partner.microsoftonline.cn/adminportal)',
} as const

/**
 * Source: Microsoft Entra FAQ (hosts of the admin center); Exchange team, "new EAC for GCC High"; Microsoft Defender
 * for US Government customers; Microsoft 365 admin center for volume licensing and 21Vianet. Where no address is
 * documented, the text leads to the Microsoft 365 admin center, or to PowerShell.
 */
const CENTERS: Readonly<Record<CloudName, Omit<AdminCenters, 'codePage'>>> = {
  global: {
    entra: `${ENTRA} (https://entra.microsoft.com)`,
    exchange: `${EXCHANGE} (https://admin.exchange.microsoft.com)`,
    restrictedSenders: `${DEFENDER} (https://security.microsoft.com) > ${RESTRICTED}`,
    serviceStatus: 'Microsoft’s service status (https://status.cloud.microsoft)',
  },
  'gcc-high': {
    entra: `${ENTRA} (https://entra.microsoft.us)`,
    exchange: `${EXCHANGE} (https://admin.exchange.office365.us)`,
    restrictedSenders: `${DEFENDER} (https://security.microsoft.us) > ${RESTRICTED}`,
    serviceStatus: `${MICROSOFT_365['gcc-high']} > Health > Service health`,
  },
  dod: {
    entra: `${ENTRA} (https://entra.microsoft.us)`,
    exchange: `${MICROSOFT_365.dod} > All admin centers > Exchange`,
    restrictedSenders: `${DEFENDER} (https://security.apps.mil) > ${RESTRICTED}`,
    serviceStatus: `${MICROSOFT_365.dod} > Health > Service health`,
  },
  china: {
    entra: `${ENTRA} (https://entra.microsoftonline.cn)`,
    exchange: `${MICROSOFT_365.china} > All admin centers > Exchange`,
    restrictedSenders: 'Exchange Online PowerShell: Get-BlockedSenderAddress',
    serviceStatus: `${MICROSOFT_365.china} > Health > Service health`,
  },
}

/** The pages of the cloud that the hosts belong to; of the cloud `named` for a gateway or a stand-in. */
export function adminCentersAt(authorityHost: string, graphBaseUrl: string, named?: CloudName): AdminCenters {
  const cloud = cloudAt(authorityHost, graphBaseUrl, named)
  return { ...CENTERS[cloud], codePage: `${CLOUDS[cloud].authorityHost}/error?code=` }
}
