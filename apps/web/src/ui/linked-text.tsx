import { Link } from '@fluentui/react-components'
import { shownAddress, splitAtLinks } from './links-in-text.ts'

/** Turns web addresses in a text into links; a long address is shortened. */
export function LinkedText({ text }: { text: string }) {
  return splitAtLinks(text).map((piece, index) =>
    index % 2 === 1 ? (
      // oxlint-disable-next-line react/no-array-index-key -- the pieces of one text never move
      <Link key={index} inline href={piece} target="_blank" rel="noreferrer" title={piece}>
        {shownAddress(piece)}
      </Link>
    ) : (
      piece
    ),
  )
}
