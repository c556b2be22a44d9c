"""The text of a SELECT and what can be read off it without a database.

Pure: parses with sqlglot and keeps positions in the original text, because the user's SQL is wrapped, not
rewritten. Where a piece must give way (a table's name for the changed rows, LIMIT for a re-read, FROM for a hidden
count) exactly those characters are replaced and the rest stays as it was written. What sqlglot cannot parse is
not refused, only followed by the safest plan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sqlglot import exp, parse
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from dashboard.errors import NotASelect

_CLOCK_NAMES = frozenset({"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "age"})
_CLOCK_WORDS = frozenset({"now", "today", "tomorrow", "yesterday"})
CLOCK = (
    r"\y(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|age)\s*\("
    r"|\ycurrent_(date|time|timestamp)\y|\ylocaltime(stamp)?\y|'(now|today|tomorrow|yesterday)'"
)
"""SQL that changes as time passes, as PostgreSQL's regular expression; matched without regard to case."""
_CLOCK_TEXT = re.compile(CLOCK.replace(r"\y", r"\b"), re.IGNORECASE)
_OPERATOR = re.compile(r"[-+*/<>=~!@#%^&|`?]+")
_CLOCK_NODES = (
    exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.CurrentDatetime, exp.Localtime, exp.Localtimestamp,
)  # fmt: skip
_OPENING = re.compile(r"^(\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL)
_WRITING = frozenset(
    {"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "GRANT", "CALL", "DO"}
)


@dataclass(frozen=True, slots=True)
class TableName:
    """A table as named in the text: quoted as SQL for `to_regclass`, and where it stands."""

    name: str
    node: exp.Table
    start: int | None
    end: int | None


class Statement:
    """One SELECT.

    Parameters
    ----------
    sql
        As the user wrote it, without a closing semicolon.

    Raises
    ------
    NotASelect
        It is something else, or more than one statement.
    """

    def __init__(self, sql: str) -> None:
        self.sql = unended(sql)
        if not _OPENING.match(self.sql):
            word = self.sql.split(None, 1)[0].upper() if self.sql else "nothing"
            raise NotASelect(
                f"A live query must be one SELECT, and this begins with {word}.",
                "A live query only reads." if word in _WRITING else "Begin it with SELECT, WITH, VALUES or TABLE.",
                sql=sql,
            )
        self.tree = self._parse()
        if "set_config" in self.functions:
            raise NotASelect(
                "A live query only reads, and set_config() would change its session.",
                "Put settings into a Scope.",
                sql=sql,
            )

    def _parse(self) -> exp.Query | None:
        try:
            trees = parse(self.sql, dialect="postgres")
        except (SqlglotError, RecursionError):
            return None
        if len(trees) > 1:
            raise NotASelect(
                "A live query must be one statement, and this is several.",
                "Open a query for each.",
                sql=self.sql,
            )
        tree = trees[0]
        if isinstance(tree, exp.Subquery):
            return None
        if tree is not None and tree.find(exp.Insert, exp.Update, exp.Delete, exp.Merge):
            raise NotASelect(
                "A live query only reads, and this one writes.",
                "Write over a connection of your own; the query will show what it changed.",
                sql=self.sql,
            )
        if tree is not None and tree.find(exp.Into):
            raise NotASelect(
                "A live query only reads, and SELECT INTO makes a table.",
                "Leave INTO out.",
                sql=self.sql,
            )
        return tree if isinstance(tree, exp.Query) else None

    @cached_property
    def tables(self) -> tuple[TableName, ...]:
        """Tables named in it, once for each mention; names of its own WITH clauses are left out."""
        if self.tree is None:
            return ()
        own = {cte.alias_or_name for cte in self.tree.find_all(exp.CTE)}
        named = []
        for node in self.tree.find_all(exp.Table):
            if not isinstance(node.this, exp.Identifier) or (not node.args.get("db") and node.name in own):
                continue
            parts = [part for part in (node.args.get("catalog"), node.args.get("db"), node.this) if part]
            start, end = parts[0].meta.get("start"), parts[-1].meta.get("end")
            named.append(TableName(".".join(_identifier(part) for part in parts), node, start, end))
        return tuple(named)

    @cached_property
    def functions(self) -> frozenset[str]:
        """Every word that stands before a bracket: functions, and a few keywords that do no harm here."""
        pairs = zip(self._tokens, self._tokens[1:], strict=False)
        return frozenset(
            (word.text if word.token_type == TokenType.IDENTIFIER else word.text.lower())
            for word, bracket in pairs
            if bracket.token_type == TokenType.L_PAREN and word.text[:1].isidentifier()
        )

    @cached_property
    def operators(self) -> frozenset[str]:
        """Everything that could be an operator, wherever it stands; a user's own may read tables."""
        return frozenset(_OPERATOR.findall(self.sql))

    @cached_property
    def depends_on_clock(self) -> bool:
        """Whether its answer changes as time passes, of itself."""
        if self.tree is None:
            return _CLOCK_TEXT.search(self.sql) is not None
        if self.tree.find(*_CLOCK_NODES) or self.functions & _CLOCK_NAMES:
            return True
        return any(
            literal.is_string and literal.name.strip().lower() in _CLOCK_WORDS
            for literal in self.tree.find_all(exp.Literal)
        )

    @cached_property
    def _tokens(self) -> list[Token]:
        try:
            return Postgres().tokenize(self.sql)
        except SqlglotError:
            return []

    def _outer(self, kind: TokenType) -> list[int]:
        """Places, in the tokens, of `kind` outside all brackets."""
        depth, found = 0, []
        for place, token in enumerate(self._tokens):
            if token.token_type in (TokenType.L_PAREN, TokenType.L_BRACKET):
                depth += 1
            elif token.token_type in (TokenType.R_PAREN, TokenType.R_BRACKET):
                depth -= 1
            elif depth == 0 and token.token_type == kind:
                found.append(place)
        return found

    def without_limit(self) -> str | None:
        """The text without its closing LIMIT; None where that cannot be told for certain."""
        places = self._outer(TokenType.LIMIT)
        if len(places) != 1 or places[0] != len(self._tokens) - 2:
            return None
        return self.sql[: self._tokens[places[0]].start].rstrip()

    def takes_limit(self) -> bool:
        """Whether a LIMIT may be put behind the text: it is one plain SELECT that has none, nor anything behind."""
        if not isinstance(self.tree, exp.Select) or not self._tokens:
            return False
        behind = (TokenType.LIMIT, TokenType.OFFSET, TokenType.FETCH, TokenType.FOR)
        return not any(self._outer(kind) for kind in behind)

    def with_columns(self, columns: str, text: str | None = None) -> str | None:
        """The text with more columns at the end of its select list; None where that place is in doubt.

        `text` may stand for the statement's own if the two are the same up to FROM.
        """
        text = self.sql if text is None else text
        for place in self._outer(TokenType.FROM):
            if self._tokens[place - 1].token_type != TokenType.DISTINCT:
                start = self._tokens[place].start
                return f"{text[:start]}, {columns} {text[start:]}"
        return None

    def reading(self, table: TableName, source: str) -> str | None:
        """The text with one mention of a table replaced by `source`, a name; the old name stays as its alias."""
        if table.start is None or table.end is None:
            return None
        alias = "" if table.node.alias else f" AS {_identifier(table.node.this)}"
        return f"{self.sql[: table.start]}{source}{alias}{self.sql[table.end + 1 :]}"


@lru_cache(maxsize=256)
def statement_of(sql: str) -> Statement:
    """The statement of a text, one for all who ask with it.

    Each session of a page asks the same; to parse its queries anew was a sixth of a session's time. Nobody alters a
    tree that is not their own copy.

    Raises
    ------
    NotASelect
        It is something else, or more than one statement.
    """
    return Statement(sql)


def unended(sql: str) -> str:
    """The text without what closes it: semicolons, and comments behind them."""
    try:
        tokens = Postgres().tokenize(sql)
    except SqlglotError:
        return sql.strip().rstrip(";").rstrip()
    end = len(sql)
    for token in reversed(tokens):
        if token.token_type != TokenType.SEMICOLON:
            break
        end = token.start
    return sql[:end].strip()


def _identifier(node: exp.Identifier) -> str:
    name = node.name if node.args.get("quoted") else node.name.lower()
    return '"' + name.replace('"', '""') + '"'
