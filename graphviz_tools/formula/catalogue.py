"""The names of the language as a table: one row for each function, method and property.

A row is `name  where  help`. `where` says under which names it can be called: `t` torch.name, `f` F.name (also
torch.nn.functional.name), `s` torch.special.name, `l` torch.linalg.name, `m` the method x.name. Every function has its
bare name as well. The sections say what a call can cost; `budget` reads them.

What is left out, and why: `empty*` shows old memory; `as_strided`, `set_`, `resize_`, storages and everything with
`out=` or an in-place switch reach memory that is not theirs; `ctc_loss`, `pdist`, `eig`, `lstsq` end the process for
some inputs; what draws from the global random state or reads a file is not a function of its arguments.
"""

from __future__ import annotations

from typing import Literal

Cost = Literal["broadcast", "joined", "view", "contraction", "grows", "heavy", "local", "query", "in-place", "number"]
"""What a call can cost: no more than its operands broadcast ("broadcast", "in-place"), no more than its operands
together ("joined"), no memory ("view"), a matrix product ("contraction"), a size that its arguments decide ("grows"), a
cube of its size ("heavy"), checked by the function itself ("local"), no tensor at all ("query", "number")."""

SECTIONS: dict[Cost, str] = {}

SECTIONS["broadcast"] = """
abs tm              absolute value of each element
absolute tm         absolute value of each element, as abs
acos tm             arc cosine of each element, in radians
arccos tm           arc cosine of each element, as acos
acosh tm            inverse hyperbolic cosine of each element
arccosh tm          inverse hyperbolic cosine of each element, as acosh
asin tm             arc sine of each element, in radians
arcsin tm           arc sine of each element, as asin
asinh tm            inverse hyperbolic sine of each element
arcsinh tm          inverse hyperbolic sine of each element, as asinh
atan tm             arc tangent of each element, in radians
arctan tm           arc tangent of each element, as atan
atanh tm            inverse hyperbolic tangent of each element
arctanh tm          inverse hyperbolic tangent of each element, as atanh
atan2 tm            angle of the point (other, input), in radians
arctan2 tm          angle of the point (other, input), as atan2
add tm              sum of two tensors, element by element
sub tm              difference of two tensors, element by element
subtract t          difference of two tensors, as sub
mul tm              product of two tensors, element by element
multiply t          product of two tensors, as mul
div tm              quotient of two tensors, element by element
divide t            quotient of two tensors, as div
true_divide tm      quotient of two tensors, as div
floor_divide tm     quotient rounded down; torch has no derivative for it
remainder tm        remainder of the division, with the sign of the divisor
fmod tm             remainder of the division, with the sign of the dividend
pow tm              power, element by element
float_power t       power, element by element, in float64
addcdiv tm          input + value * tensor1 / tensor2
addcmul tm          input + value * tensor1 * tensor2
lerp tm             straight line from input to end: input + weight * (end - input)
square tm           each element squared
sqrt tm             square root of each element
rsqrt tm            1 / square root of each element
reciprocal tm       1 / each element
neg tm              each element with the other sign
negative tm         each element with the other sign, as neg
positive tm         the tensor itself
exp tm              e to the power of each element
exp2 tsm            2 to the power of each element
expm1 tsm           e to the power of each element, minus 1, precise near 0
log tm              natural logarithm of each element
log2 tm             logarithm to base 2 of each element
log10 tm            logarithm to base 10 of each element
log1p tsm           natural logarithm of 1 + each element, precise near 0
logaddexp tm        log(exp(input) + exp(other)) without overflow
logaddexp2 t        log2(2**input + 2**other) without overflow
logit tsm           log(p / (1 - p)) of each element
xlogy tsm           input * log(other), and 0 where input is 0
xlog1py s           input * log1p(other), and 0 where input is 0
sin tm              sine of each element, in radians
cos tm              cosine of each element, in radians
tan tm              tangent of each element, in radians
sinh tm             hyperbolic sine of each element
cosh tm             hyperbolic cosine of each element
tanh tfm            hyperbolic tangent of each element
sinc tsm            sin(pi x) / (pi x)
deg2rad tm          degrees to radians
rad2deg tm          radians to degrees
hypot tm            sqrt(input**2 + other**2)
ceil tm             each element rounded up
floor tm            each element rounded down
round tsm           each element rounded to the nearest whole number, halves to even
trunc tm            each element rounded towards 0
fix tm              each element rounded towards 0, as trunc
frac tm             fractional part of each element
sign tm             -1, 0 or 1 for each element
sgn tm              sign of each element, also for complex numbers
signbit tm          True where an element is negative
copysign tm         magnitude of input with the sign of other
heaviside tm        step function: 0, values, or 1
ldexp t             input * 2**other
nextafter t         next floating point number after input towards other
clamp tm            each element limited to min ... max
clip tm             each element limited to min ... max, as clamp
clamp_min tm        each element limited from below
clamp_max tm        each element limited from above
nan_to_num tm       nan and infinities replaced by numbers
maximum tm          the larger element of two tensors
minimum tm          the smaller element of two tensors
fmax tm             the larger element of two tensors, nan ignored
fmin tm             the smaller element of two tensors, nan ignored
max tm              largest element; with dim, values and indices; with a second tensor, as maximum
min tm              smallest element; with dim, values and indices; with a second tensor, as minimum
where tm            x where the condition holds, else y
masked_fill tm      a value written where the mask is True
eq tm               True where two tensors are equal
ne tm               True where two tensors differ
not_equal t         True where two tensors differ, as ne
lt tm               True where input < other
less t              True where input < other, as lt
le tm               True where input <= other
less_equal t        True where input <= other, as le
gt tm               True where input > other
greater t           True where input > other, as gt
ge tm               True where input >= other
greater_equal t     True where input >= other, as ge
isclose tm          True where two tensors are nearly equal
isfinite tm         True where an element is neither nan nor infinite
isinf tm            True where an element is infinite
isnan tm            True where an element is nan
isneginf tm         True where an element is -inf
isposinf tm         True where an element is inf
isreal tm           True where an element has no imaginary part
logical_and tm      True where both are not 0
logical_or tm       True where one is not 0
logical_not tm      True where an element is 0
logical_xor tm      True where exactly one is not 0
bitwise_and tm      & of two True/False or whole number tensors
bitwise_or tm       | of two True/False or whole number tensors
bitwise_xor tm      ^ of two True/False or whole number tensors
bitwise_not tm      ~ of a True/False or whole number tensor
erf tsm             error function of each element
erfc tsm            1 - error function of each element
erfinv tsm          inverse of the error function
lgamma tm           logarithm of the absolute gamma function
gammaln s           logarithm of the absolute gamma function, as lgamma
digamma tsm         derivative of lgamma
polygamma s         n-th derivative of digamma
i0 tsm              modified Bessel function of order 0
i1 s                modified Bessel function of order 1
ndtr s              distribution function of the standard normal
log_ndtr s          logarithm of the distribution function of the standard normal
entr s              -x log(x)
expit s             1 / (1 + exp(-x)), as sigmoid
complex t           complex numbers from real and imaginary parts
polar t             complex numbers from absolute value and angle
conj tm             complex conjugate
sigmoid tfm         1 / (1 + exp(-x)) of each element
relu tfm            the element where it is positive, else 0
relu6 f             relu limited to 6
leaky_relu f        the element where it is positive, else negative_slope times it
prelu tfm           the element where it is positive, else weight times it
elu f               the element where it is positive, else alpha * (exp(x) - 1)
selu tf             elu with the fixed scale of self-normalising networks
celu tf             elu with a continuous derivative for every alpha
gelu f              x times the distribution function of the standard normal
silu f              x * sigmoid(x)
mish f              x * tanh(softplus(x))
softplus f          log(1 + exp(beta x)) / beta
softsign f          x / (1 + |x|)
hardtanh f          each element limited to min_val ... max_val
hardswish f         x * relu6(x + 3) / 6
hardsigmoid f       relu6(x + 3) / 6
hardshrink tfm      the element where |x| > lambd, else 0
softshrink f        x shrunk towards 0 by lambd
tanhshrink f        x - tanh(x)
threshold tf        the element where it is above threshold, else value
logsigmoid f        log(sigmoid(x)) without overflow
mse_loss f          mean of the squared differences
l1_loss f           mean of the absolute differences
smooth_l1_loss f    squared near 0, absolute beyond beta
huber_loss f        squared near 0, absolute beyond delta
binary_cross_entropy f              cross entropy of probabilities and targets between 0 and 1
binary_cross_entropy_with_logits f  cross entropy of sigmoid(input) and targets between 0 and 1
kl_div f                            divergence of a distribution (input: its logarithm) from a target; name a reduction
poisson_nll_loss f                  negative log likelihood of Poisson counts
gaussian_nll_loss f                 negative log likelihood of normal variables with the given variances
soft_margin_loss f                  log(1 + exp(-target * input)), targets 1 and -1
hinge_embedding_loss f              hinge loss of distances, targets 1 and -1
margin_ranking_loss f               relu(-target * (input1 - input2) + margin)
cosine_embedding_loss f             1 - cosine similarity for target 1, its positive part above margin for -1
triplet_margin_loss f               relu(distance to positive - distance to negative + margin)
cosine_similarity tf                cosine of the angle between two tensors along dim
pairwise_distance tf                p-norm of the differences of rows
cross t                             cross product of 3-vectors along dim
take_along_dim tm                   elements picked along dim by an index tensor
dist tm                             p-norm of the difference of two tensors
"""

SECTIONS["joined"] = """
sum tm              sum of all elements, or along dim
nansum tm           sum of the elements that are not nan
mean tm             mean of all elements, or along dim
nanmean tm          mean of the elements that are not nan
prod tm             product of all elements, or along dim
std tm              standard deviation, with n - 1 unless correction=0
std_mean t          standard deviation and mean
var tm              variance, with n - 1 unless correction=0
var_mean t          variance and mean
median tm           median; of an even number the lower one
quantile tm         q-th quantile
amax tm             largest element along dim; ties share the gradient
amin tm             smallest element along dim; ties share the gradient
aminmax tm          smallest and largest element
argmax tm           position of the largest element
argmin tm           position of the smallest element
argsort tm          positions that sort the tensor along dim
sort tm             sorted values and their positions along dim
msort tm            sorted along the first dimension
topk tm             the k largest values and their positions
kthvalue tm         the k-th smallest value and its position
all tm              True when every element is not 0
any tm              True when one element is not 0
count_nonzero tm    number of elements that are not 0
logsumexp tsm       log of the sum of exponentials, without overflow
softmax tfsm        exponentials divided by their sum along dim
log_softmax tfsm    logarithm of softmax along dim
softmin f           softmax of -x along dim
cumsum tm           running sums along dim
cumprod tm          running products along dim
cummax tm           running maxima and their positions along dim
cummin tm           running minima and their positions along dim
logcumsumexp tm     running logsumexp along dim
trapezoid t         integral by the trapezoidal rule along dim
trapz t             integral by the trapezoidal rule, as trapezoid
cumulative_trapezoid t  running integral by the trapezoidal rule
diff tm             differences of neighbours along dim
trace tm            sum of the diagonal
tril tm             lower triangle, the rest 0
triu tm             upper triangle, the rest 0
flip tm             order reversed along dims
fliplr tm           columns in reverse order
flipud tm           rows in reverse order
rot90 tm            turned by 90 degrees k times
roll tm             elements shifted along dims, around the end
clone tm            a copy that keeps the gradient
contiguous m        a copy in row-major order where needed
flatten tm          dimensions joined into one
cat t               tensors put together along dim
concat t            tensors put together along dim, as cat
concatenate t       tensors put together along dim, as cat
stack t             tensors of equal shape put together along a new dim
hstack t            tensors put side by side
vstack t            tensors put below each other
row_stack t         tensors put below each other, as vstack
dstack t            tensors put together along the third dimension
column_stack t      vectors as the columns of a matrix
atleast_1d t        the tensor with at least 1 dimension
atleast_2d t        the tensor with at least 2 dimensions
atleast_3d t        the tensor with at least 3 dimensions
gather tm           elements picked along dim by an index tensor
take tm             elements picked by their position in the flattened tensor
scatter tm          values written along dim at the positions of an index tensor
scatter_add tm      values added along dim at the positions of an index tensor
index_add tm        slices added along dim at the given positions
index_fill tm       a value written along dim at the given positions
normalize f         each vector along dim divided by its norm
layer_norm f        mean 0 and variance 1 over the last dimensions, then weight and bias
rms_norm f          divided by the root mean square over the last dimensions
group_norm f        mean 0 and variance 1 over groups of channels
instance_norm f     mean 0 and variance 1 over each channel of each sample
batch_norm f        mean 0 and variance 1 over the batch; write training=True
cross_entropy f     -log softmax at the target class, averaged
nll_loss f          -log probability at the target class, averaged
multilabel_soft_margin_loss f   binary cross entropy of each class, averaged
multi_margin_loss f             hinge loss between the target class and the others
pixel_shuffle f     channels rearranged into a finer picture
pixel_unshuffle f   a picture rearranged into more channels
glu f               first half times sigmoid of the second half along dim
float m             as float32; True/False and whole numbers take the formula's own dtype
double m            as float64
half m              as float16
bfloat16 m          as bfloat16
int m               as int32
long m              as int64
short m             as int16
bool m              True where an element is not 0
to m                as another dtype
type_as m           as the dtype of another tensor
view_as_real t      complex numbers as pairs of real and imaginary part
"""

SECTIONS["view"] = """
view m              the same elements in another shape, sharing memory
view_as m           the same elements in the shape of another tensor, sharing memory
reshape tm          the same elements in another shape
reshape_as m        the same elements in the shape of another tensor
ravel tm            the same elements in one dimension
unflatten tm        one dimension split into several
squeeze tm          dimensions of size 1 removed
unsqueeze tm        a dimension of size 1 added
transpose tm        two dimensions exchanged
swapaxes tm         two dimensions exchanged, as transpose
swapdims tm         two dimensions exchanged, as transpose
t tm                rows and columns exchanged
permute tm          dimensions in another order
movedim tm          dimensions moved to other positions
moveaxis tm         dimensions moved to other positions, as movedim
select tm           one slice along dim
narrow tm           a range of slices along dim
diagonal tm         the diagonal of a matrix
diagonal l          the diagonal of the last two dimensions
chunk tm            the tensor in a number of pieces along dim
split tm            the tensor in pieces of a size along dim
tensor_split tm     the tensor in a number of pieces, also uneven ones
hsplit t            the tensor in pieces from left to right
vsplit t            the tensor in pieces from top to bottom
unbind tm           all slices along dim, as a tuple
unfold m            sliding windows along a dimension
expand m            dimensions of size 1 repeated without copying
expand_as m         expanded to the shape of another tensor
broadcast_to tm     expanded to a shape
broadcast_tensors t tensors expanded to their common shape
meshgrid t          coordinate grids from vectors; write indexing="ij"
detach tm           the same numbers, cut off from the graph
real t              real part of complex numbers
imag t              imaginary part of complex numbers
"""

SECTIONS["contraction"] = """
matmul tm           matrix product
mm tm               product of two matrices
bmm tm              products of two batches of matrices
mv tm               matrix times vector
dot tm              sum of the products of two vectors
vdot tm             dot with the first vector conjugated
outer tm            every element of one vector times every element of another
ger tm              every element of one vector times every element of another, as outer
addmm tm            input + product of two matrices
addmv tm            input + matrix times vector
addr t              input + outer product of two vectors
addbmm t            input + sum of a batch of matrix products
baddbmm t           input + batch of matrix products
linear f            x @ weight.T + bias
"""

SECTIONS["grows"] = """
inner t             sums of products over the last dimension
kron tm             Kronecker product
einsum t            sums of products written with index letters
tensordot t         sums of products over chosen dimensions
cdist t             distances between all pairs of rows
diag tm             diagonal of a matrix, or a matrix with this diagonal
diag_embed tm       matrices with these diagonals
diagflat tm         a matrix with all elements on its diagonal
block_diag t        matrices along the diagonal of a larger one
index_select tm     slices picked along dim
repeat m            the tensor repeated along its dimensions
tile tm             the tensor repeated along its dimensions, as repeat
norm tm             p-norm of all elements or along dim
norm l              norm of a vector or a matrix
vector_norm l       p-norm of all elements or along dim
matrix_norm l       norm of a matrix, Frobenius unless ord is given
bilinear f          x1 A x2 + b for every output feature
conv1d f            convolution along one dimension
conv2d f            convolution over pictures
conv3d f            convolution over volumes
conv_transpose1d f  transposed convolution along one dimension
conv_transpose2d f  transposed convolution over pictures
max_pool1d f        largest element of each window
max_pool2d f        largest element of each window of a picture
avg_pool1d f        mean of each window
avg_pool2d f        mean of each window of a picture
adaptive_avg_pool1d f   means of as many windows as the output needs
adaptive_avg_pool2d f   means of as many windows as the output needs, for pictures
adaptive_max_pool1d f   maxima of as many windows as the output needs
local_response_norm f   divided by the power of neighbouring channels
pad f               elements added at the borders
interpolate f       a picture or signal at another size
unfold f            windows of a picture as columns
fold f              columns added back into a picture
embedding f         rows of a weight matrix picked by an index tensor
scaled_dot_product_attention f  softmax(q @ k.T / sqrt(d)) @ v
"""

SECTIONS["heavy"] = """
det tlm             determinant
logdet tm           logarithm of the determinant
slogdet tlm         sign and logarithm of the absolute determinant
inverse tm          inverse matrix
inv l               inverse matrix
pinv l              pseudo-inverse
solve l             x with A x = B
solve_triangular l  x with A x = B for a triangular A; write upper=
cholesky l          lower triangular factor of a positive definite matrix
qr l                orthogonal and triangular factor
svd l               singular value decomposition: U, S, Vh
svdvals l           singular values
eigh l              eigenvalues and eigenvectors of a symmetric matrix
eigvalsh l          eigenvalues of a symmetric matrix
matrix_power tlm    a matrix multiplied with itself n times
matrix_exp tlm      exponential of a matrix
multi_dot l         product of several matrices in the best order
vecdot l            dot products along dim
cov tm              covariance of the rows
corrcoef tm         correlation of the rows
"""

SECTIONS["local"] = """
tensor t            a constant from numbers
as_tensor t         a constant from numbers, or the tensor itself
zeros t             zeros in a shape
ones t              ones in a shape
full t              one value in a shape
eye t               identity matrix
arange t            numbers from start to end (not included) in steps
linspace t          evenly spaced numbers from start to end
logspace t          numbers base**x, x evenly spaced from start to end
tril_indices t      positions of the lower triangle
triu_indices t      positions of the upper triangle
zeros_like t        zeros in the shape of a tensor
ones_like t         ones in the shape of a tensor
full_like t         one value in the shape of a tensor
rand t              random numbers between 0 and 1, the same for the same seed
randn t             normal random numbers, the same for the same seed
randint t           random whole numbers from low to high (not included)
randperm t          the numbers 0 ... n-1 in random order
rand_like t         random numbers between 0 and 1 in the shape of a tensor
randn_like t        normal random numbers in the shape of a tensor
bernoulli t         0 or 1 with the given probabilities
dropout f           elements set to 0 with probability p, the others scaled up
one_hot f           1 at the class, 0 elsewhere; write num_classes=
repeat_interleave tm    each element repeated
new_zeros m         zeros in a shape, with the tensor's dtype
new_ones m          ones in a shape, with the tensor's dtype
new_full m          one value in a shape, with the tensor's dtype
new_tensor m        a constant from numbers, with the tensor's dtype
requires_grad_ m    marks a constant of the formula as a leaf that gets a gradient
"""

SECTIONS["query"] = """
dim m               number of dimensions
ndimension m        number of dimensions, as dim
size m              the shape, or the size of one dimension
numel tm            number of elements
nelement m          number of elements, as numel
item m              the one element as a plain number; cuts the graph
tolist m            the elements as plain numbers; cuts the graph
is_floating_point tm    True for float dtypes
is_complex tm       True for complex dtypes
"""

SECTIONS["in-place"] = """
add_ m              adds in place
sub_ m              subtracts in place
mul_ m              multiplies in place
div_ m              divides in place
pow_ m              power in place
abs_ m              absolute value in place
neg_ m              other sign in place
square_ m           squares in place
sqrt_ m             square root in place
reciprocal_ m       1 / x in place
exp_ m              exponential in place
log_ m              natural logarithm in place
sin_ m              sine in place
cos_ m              cosine in place
tanh_ m             hyperbolic tangent in place
sigmoid_ m          sigmoid in place
relu_ m             relu in place
clamp_ m            limits to min ... max in place
fill_ m             writes one value everywhere
zero_ m             writes 0 everywhere
copy_ m             copies another tensor's elements here
masked_fill_ m      writes a value where the mask is True
index_add_ m        adds slices at the given positions in place
index_fill_ m       writes a value at the given positions in place
scatter_ m          writes values at the positions of an index tensor
scatter_add_ m      adds values at the positions of an index tensor
"""

PROPERTIES = """
T                   rows and columns exchanged
mT                  last two dimensions exchanged
H                   rows and columns exchanged, conjugated
mH                  last two dimensions exchanged, conjugated
real                real part
imag                imaginary part
shape               the sizes of all dimensions
ndim                number of dimensions
dtype               type of the elements
requires_grad       True when a gradient is kept
is_leaf             True when no operation made the tensor
"""

MATH = """
sqrt                square root of a number
exp                 e to the power of a number
expm1               e to the power of a number, minus 1
log                 natural logarithm of a number
log2                logarithm to base 2 of a number
log10               logarithm to base 10 of a number
log1p               natural logarithm of 1 + a number
sin                 sine of a number, in radians
cos                 cosine of a number, in radians
tan                 tangent of a number, in radians
asin                arc sine of a number, in radians
acos                arc cosine of a number, in radians
atan                arc tangent of a number, in radians
atan2               angle of the point (x, y), written atan2(y, x), in radians
sinh                hyperbolic sine of a number
cosh                hyperbolic cosine of a number
tanh                hyperbolic tangent of a number
floor               a number rounded down
ceil                a number rounded up
trunc               a number rounded towards 0
fabs                absolute value of a number
pow                 power of two numbers
hypot               sqrt(x**2 + y**2) of two numbers
copysign            magnitude of a number with the sign of another
radians             degrees to radians
degrees             radians to degrees
erf                 error function of a number
erfc                1 - error function of a number
lgamma              logarithm of the absolute gamma function of a number
isnan               True when a number is nan
isinf               True when a number is infinite
isfinite            True when a number is neither nan nor infinite
"""

BUILTINS = """
range               whole numbers to loop over
len                 number of items or of slices along the first dimension
sum                 the items of a list added one after the other, as Python does
min                 smallest of several values
max                 largest of several values
abs                 absolute value
round               rounded to the nearest whole number
float               a plain number; cuts the graph
int                 a plain whole number; cuts the graph
bool                True or False
list                the items as a list
tuple               the items as a tuple
zip                 items of several lists side by side
enumerate           items with their position
print               does nothing here
"""

DTYPES = """
float32 float64 float16 bfloat16 float double half int8 int16 int32 int64 int long short uint8 bool complex64 complex128
"""

KEYWORDS = """
input other dim dims dim0 dim1 axis axes keepdim keepdims dtype device requires_grad unbiased correction p ord q min
max min_val max_val alpha beta value values exponent weight bias eps training momentum running_mean running_var
target reduction label_smoothing ignore_index pos_weight log_target full var margin swap log_input input1 input2 x1
x2 anchor positive negative delta variance num_groups normalized_shape stride padding dilation groups output_padding
kernel_size ceil_mode count_include_pad divisor_override return_indices output_size mode size scale_factor
align_corners antialias upscale_factor downscale_factor padding_idx num_classes attn_mask dropout_p is_causal scale
enable_gqa approximate negative_slope lambd threshold n r k largest sorted descending stable interpolation diagonal
offset start end step steps base length index src source repeats shifts chunks sections split_size
split_size_or_sections indices_or_sections tensors tensor tensor1 tensor2 mat1 mat2 vec1 vec2 mat vec batch1 batch2
equation operands condition mask fill_value data row col low high mean std sizes shape dimension left upper UPLO
hermitian rtol atol tol A B x y rounding_mode decimals nan posinf neginf equal_nan compute_mode prepend append dx
indexing copy non_blocking unitriangular rowvar fweights aweights ddof include_self start_dim end_dim full_matrices
a b pad
"""
