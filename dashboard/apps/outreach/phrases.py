"""What the people of the outreach app do for a living, what is written to them, and what they answer. All invented."""

from __future__ import annotations

ROLES = (
    "Head of Sales", "Product Manager", "Founder", "Data Engineer", "Marketing Lead", "Operations Manager", "Recruiter",
    "Account Executive", "CTO", "Designer", "Customer Success Lead", "Procurement Manager", "Research Scientist",
)  # fmt: skip
COMPANIES = (
    "Amberlight", "Bracken Labs", "Calluna", "Dovetail Freight", "Eastwind Energy", "Fennel & Co", "Glasswing",
    "Hollow Oak", "Ironbridge Tools", "Juno Health", "Kingfisher Data", "Larkspur", "Millrace", "Nettle Foods",
    "Oxbow", "Pinemarten",
)  # fmt: skip
FIRST = (
    "thank you for connecting, may I send you our short guide?",
    "good to be in touch. What are you working on this quarter?",
    "thanks for accepting. Would a 15 minute call next week suit you?",
    "we are running a small round table on this, would it interest you?",
)
SECOND = (
    "just coming back to this, is it still of interest?",
    "here is the guide I mentioned, two pages only.",
    "would Thursday at ten work?",
)
REPLIES = (
    "yes, please send it over",
    "Thursday works, 10 am?",
    "not this quarter, but stay in touch",
    "could you write to my colleague instead?",
    "interesting! How does it compare with what we have?",
    "thanks, we already have a supplier",
    "let us talk after the holidays",
)
SOURCES = (
    "event-guests.csv",
    "webinar.csv",
    "saved-search",
    "alumni.csv",
    "trade-fair.csv",
    "referrals.csv",
    "newsletter.csv",
)
AUDIENCES = (
    ("Logistics leads", "Heads of logistics, 200 to 2,000 people"),
    ("Partner managers", "Who runs a partner programme"),
    ("Conference speakers", "Speakers of the last two years"),
    ("Museum shops", "Buyers of museum shops"),
    ("Finance, mid-size", "Finance directors of mid-size companies"),
    ("Former customers", "Customers until 2023"),
)
