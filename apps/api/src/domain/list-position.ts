/** A place in a list that is sorted newest first, by time and then by id: that of the last item of a page. */
export interface ListPosition {
  readonly at: Date
  readonly id: string
}

/** The direction in which a page begins after its position. */
export type Toward = 'older' | 'newer'
