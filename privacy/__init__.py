"""What may be done with personal data, and the proof that it was.

The ground floor: it knows no application and no Flask, Redis or HTTP.
"""
