"""What people do, as functions of one unit of work each; they know no request and never commit."""
