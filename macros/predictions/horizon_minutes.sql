{{! The minutes of a horizon by its name: 1500 of `day +1500`; NULL if it names none. name: an SQL expression. }}
substring({{name}} from ' [+]([0-9]{1,7})$')::integer
