{{! A text in Unicode's composed form, in which names are compared: a Mac writes é as two characters. As it is in a database of
    another encoding, where PostgreSQL knows no forms. text: an SQL expression. }}
case
    when octet_length({{text}}) = char_length({{text}}) or getdatabaseencoding() <> 'UTF8' then {{text}}
    else normalize({{text}}, nfc)
end
