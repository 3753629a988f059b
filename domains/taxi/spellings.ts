/**
 * Purpose: how the published trip files have spelt their columns.
 * Invariants: imports nothing, least of all the SQL engine: the definition of the domain reads it,
 * and the image that serves has no engine.
 * Fails: never.
 */

/** Spellings of one column over the years, in lower case, the most usual first. */
export const SPELLINGS = {
  pickup: [
    'lpep_pickup_datetime',
    'tpep_pickup_datetime',
    'pickup_datetime',
    'trip_pickup_datetime',
    'pickup_date_time',
  ],
  dropoff: [
    'lpep_dropoff_datetime',
    'tpep_dropoff_datetime',
    'dropoff_datetime',
    'trip_dropoff_datetime',
    'dropoff_date_time',
  ],
  place: [
    'pulocationid',
    'pu_location_id',
    'pickup_location_id',
    'pickup_locationid',
    'locationid',
    'location_id',
  ],
  target: ['dolocationid', 'do_location_id', 'dropoff_location_id', 'dropoff_locationid'],
  vendor: ['vendorid', 'vendor_id', 'vendor_name', 'vendor'],
} as const;
