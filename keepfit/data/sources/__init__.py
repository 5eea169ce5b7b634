"""Where rows come from: one small module a format, and one way in, `opening.open_source`.

`opened = open_source(...)` checks what can be checked from names and headers, and reads no row;
`opened.batches()` then streams the rows, in their order, in bounded memory, as Arrow record batches whose cells are
as found (text, for CSV). What kind a cell is meant to be is the business of `keepfit.features`.
"""
