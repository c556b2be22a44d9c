"""Alerts: rules over live queries, and who is told.

A *rule* looks at a live query's rows; what meets its condition is an *instance*, pending until it has held long
enough, then firing. Instances that fire together for the same people are one *notice*: what a page's bell shows, and
what goes out to *contact points* as each person prefers. A notice is resolved when none of its instances is left, and
those who were told are told so. The words are Grafana's.

    rule.py       what a rule is: its condition, labels, words, audience
    state.py      what follows from rows and from what was known; pure
    alerts.py     the engine of one process: holds rules, and notes what follows
    sender.py     sends what is due, whoever noted it
    message.py    the words of a message
    preferring.py contact points, and what people want
    contact.py    the ways out: e-mail, and what Apprise reaches
"""

from .alerts import Alerts
from .rule import Above, Below, Condition, Rows, Rule, Severity

__all__ = ["Above", "Alerts", "Below", "Condition", "Rows", "Rule", "Severity"]
