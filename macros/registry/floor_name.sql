{{! A floor as written, white space around it taken off, if it looks like one in English, French, German or Italian: a number of
    up to two digits, or a short word for it (`3`, `-1`, `2e étage`, `1. OG`, `EG`, `RDC`, `attique`); NULL for any other
    text, which may say who lives there. text: an SQL expression. }}
case
    when btrim({{text}}, E' \t\r\n') ~* '^(-?[0-9]{1,2}([.]|er|re|e|è|ème|eme|st|nd|rd|th|°)?( ?(étage|etage|og|ug|dg|obergeschoss|untergeschoss|stock|floor|piano|sous-sol))?|(og|ug|étage|etage|floor|level|stock|piano) ?-?[0-9]{0,2}|eg|dg|ag|zg|rdc|rez|rez-de-chauss[ée]e|rez inf[ée]rieur|rez sup[ée]rieur|sous-sol|cave|attique|combles|mezzanine|duplex|parterre|hochparterre|erdgeschoss|obergeschoss|untergeschoss|zwischengeschoss|dachgeschoss|attikageschoss|attika|estrich|keller|(ground|first|second|third|fourth|fifth|top|upper|lower)( floor)?|basement|cellar|attic|loft|penthouse|piano terra|attico)$'
        then btrim({{text}}, E' \t\r\n')
end
