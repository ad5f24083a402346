import type { Settings } from '../faults/settings.ts'
import { type Correlation, entraError, errorParameters } from './aadsts.ts'

/** How a person who does not go on is reported: Microsoft has several ways, and not always a description. */
export function cancelAnswer(
  where: 'picker' | 'consent',
  shape: Settings['cancelShape'],
  correlation: Correlation,
  authorityHost: string,
): [string, string][] {
  const effective = shape === 'documented' ? (where === 'picker' ? 'subcode' : 'access-denied') : shape
  switch (effective) {
    case 'subcode':
      return [
        ['error', 'access_denied'],
        ['error_subcode', 'cancel'],
      ]
    case 'subcode-with-description':
      return [['error_subcode', 'cancel'], ...errorParameters(entraError(65004), correlation, authorityHost)]
    case 'access-denied':
      return errorParameters(entraError(65004), correlation, authorityHost)
    case 'consent-required':
      return errorParameters(entraError(65004, [], { error: 'consent_required' }), correlation, authorityHost)
    default:
      return effective satisfies never
  }
}
