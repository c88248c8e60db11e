/**
 * Documents of some kilobytes are always compressed. With lz4, where the server was built with it, COPY of sensor files
 * took 28 µs a row instead of 44 with pglz, for 24 MB instead of 20.
 */
export const compressedFast = (column: string) => `do $body$
    begin
        if exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any(enumvals)) then
            alter table ${column} set compression lz4;
        end if;
    end
    $body$`;
