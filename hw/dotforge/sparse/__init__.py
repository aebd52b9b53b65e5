"""What engines of sparse matrices share: from compressed rows to lanes, and from products to sums of rows."""
